//! Given names and surnames in several scripts.

/// One language's names, with the share of people who have it.
pub(super) struct Language {
    /// The tag for `preferredLanguage`.
    pub(super) tag: &'static str,
    /// The country, its code, and two of its cities.
    pub(super) country: (&'static str, &'static str, [&'static str; 2]),
    /// Of a hundred people so many.
    pub(super) share: u32,
    /// The surname comes first in the display name, without a space.
    pub(super) surname_first: bool,
    /// Given names with their Latin form, for addresses.
    pub(super) given: &'static [(&'static str, &'static str)],
    /// Surnames with their Latin form.
    pub(super) surnames: &'static [(&'static str, &'static str)],
}

pub(super) static LANGUAGES: [Language; 9] = [
    Language {
        tag: "en-US",
        country: ("United States", "US", ["Seattle", "New York"]),
        share: 40,
        surname_first: false,
        given: &[
            ("Ann", "ann"),
            ("John", "john"),
            ("Maria", "maria"),
            ("Robert", "robert"),
            ("Siobhán", "siobhan"),
            ("Ava", "ava"),
            ("Liam", "liam"),
            ("Grace", "grace"),
            ("Noah", "noah"),
            ("Zoë", "zoe"),
        ],
        surnames: &[
            ("Smith", "smith"),
            ("O'Hara", "ohara"),
            ("Johnson", "johnson"),
            ("van der Berg", "vanderberg"),
            ("Brown", "brown"),
            ("Garcia", "garcia"),
            ("Lee", "lee"),
            ("Taylor-Jones", "taylorjones"),
            ("Clark", "clark"),
            ("Nguyen", "nguyen"),
        ],
    },
    Language {
        tag: "de-DE",
        country: ("Germany", "DE", ["Berlin", "München"]),
        share: 18,
        surname_first: false,
        given: &[
            ("Jürgen", "juergen"),
            ("Käthe", "kaethe"),
            ("Lena", "lena"),
            ("Björn", "bjoern"),
            ("Sophie", "sophie"),
            ("Karl-Heinz", "karlheinz"),
        ],
        surnames: &[
            ("Müller", "mueller"),
            ("Weiß", "weiss"),
            ("Schäfer", "schaefer"),
            ("Öztürk", "oeztuerk"),
            ("von Stein", "vonstein"),
            ("Groß", "gross"),
        ],
    },
    Language {
        tag: "fr-FR",
        country: ("France", "FR", ["Paris", "Nîmes"]),
        share: 10,
        surname_first: false,
        given: &[("François", "francois"), ("Zoé", "zoe"), ("Jean-Luc", "jeanluc"), ("Chloé", "chloe")],
        surnames: &[("Lefèvre", "lefevre"), ("D'Arc", "darc"), ("Garçon", "garcon"), ("Noël", "noel")],
    },
    Language {
        tag: "el-GR",
        country: ("Greece", "GR", ["Αθήνα", "Πάτρα"]),
        share: 5,
        surname_first: false,
        given: &[("Γιώργος", "giorgos"), ("Ελένη", "eleni"), ("Νίκος", "nikos")],
        surnames: &[("Παπαδόπουλος", "papadopoulos"), ("Ιωάννου", "ioannou"), ("Κωνσταντίνου", "konstantinou")],
    },
    Language {
        tag: "uk-UA",
        country: ("Ukraine", "UA", ["Київ", "Львів"]),
        share: 6,
        surname_first: false,
        given: &[("Олена", "olena"), ("Андрій", "andrii"), ("Юлія", "yuliia")],
        surnames: &[("Шевченко", "shevchenko"), ("Коваленко", "kovalenko"), ("Бондар", "bondar")],
    },
    Language {
        tag: "ar-EG",
        country: ("Egypt", "EG", ["القاهرة", "الإسكندرية"]),
        share: 6,
        surname_first: false,
        given: &[("محمد", "mohamed"), ("فاطمة", "fatma"), ("أحمد", "ahmed")],
        surnames: &[("حسن", "hassan"), ("السيد", "elsayed"), ("عبد الله", "abdallah")],
    },
    Language {
        tag: "zh-CN",
        country: ("China", "CN", ["北京", "上海"]),
        share: 6,
        surname_first: true,
        given: &[("伟", "wei"), ("芳", "fang"), ("秀英", "xiuying")],
        surnames: &[("王", "wang"), ("李", "li"), ("欧阳", "ouyang")],
    },
    Language {
        tag: "ja-JP",
        country: ("Japan", "JP", ["東京", "大阪"]),
        share: 5,
        surname_first: true,
        given: &[("太郎", "taro"), ("さくら", "sakura"), ("健一", "kenichi")],
        surnames: &[("佐藤", "sato"), ("鈴木", "suzuki"), ("高橋", "takahashi")],
    },
    Language {
        tag: "hi-IN",
        country: ("India", "IN", ["मुंबई", "दिल्ली"]),
        share: 4,
        surname_first: false,
        given: &[("आरव", "aarav"), ("प्रिया", "priya"), ("रोहन", "rohan")],
        surnames: &[("शर्मा", "sharma"), ("पटेल", "patel"), ("सिंह", "singh")],
    },
];

pub(super) static DEPARTMENTS: &[&str] = &[
    "Sales",
    "Engineering",
    "Human Resources",
    "Finance",
    "Legal",
    "Marketing",
    "Customer Success",
    "Research & Development",
    "IT \"Core\"",
    "Operations",
    "Einkauf",
    "経理部",
];

pub(super) static TITLES: &[&str] = &[
    "Engineer",
    "Senior Engineer",
    "Account Manager",
    "Analyst",
    "Director",
    "Specialist",
    "Vice President",
    "Intern",
];

pub(super) static KINDS_OF_EMPLOYMENT: &[&str] = &["Employee", "Contractor", "Consultant", "Vendor"];
