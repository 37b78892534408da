use super::*;
use serde_json::{Value, json};

fn read(value: Value) -> Result<rules::Rules, String> {
    let patch: RulesPatch = serde_json::from_value(value).map_err(|error| error.to_string())?;
    patch.over(rules::Rules::default()).map_err(|problem| serde_json::to_string(&problem).unwrap())
}

fn everything() -> Value {
    json!({
        "auto_sync": false,
        "guests": "out",
        "disabled_accounts": "in",
        "required": ["surname"],
        "email": "mail_then_user_principal_name",
        "attributes": {"off": ["jobTitle"], "more": ["userType"], "names": {"city": "town"}},
        "languages": {"default": "en", "supported": ["de-CH", "en"]},
        "teams": {"scope_groups": false, "group_names": ["Team *"], "managers": {"name_template": "{name's} crew"}},
        "leavers": {"action": "deactivate_then_delete", "after_days": 90},
        "allow_deletion": true,
        "adoption": {"by": ["employee_id", "mail"]},
        "photo": {"keep": true, "size": 96},
    })
}

#[test]
fn every_rule_can_be_set_and_is_shown_as_it_was_set() {
    let rules = read(everything()).unwrap();
    assert_eq!(serde_json::to_value(Rules::from(rules)).unwrap(), everything());
}

#[test]
fn what_is_left_out_stays_and_what_is_sent_replaces_the_whole_member() {
    let before = read(everything()).unwrap();
    let patch: RulesPatch = serde_json::from_value(json!({"attributes": {"more": ["otherMails"]}})).unwrap();
    let after = patch.over(before.clone()).unwrap();
    assert_eq!((after.attributes.off.len(), after.attributes.names.len()), (0, 0));
    assert_eq!(rules::Rules { attributes: before.attributes.clone(), ..after }, before);
    assert_eq!(read(json!({})).unwrap(), rules::Rules::default());
    let defaults = serde_json::to_value(Rules::from(rules::Rules::default())).unwrap();
    assert_eq!(defaults["teams"], json!({"scope_groups": true, "group_names": [], "managers": null}));
}

#[test]
fn bounds_hold() {
    let long = |length: usize| "x".repeat(length);
    for good in [
        json!({"teams": {"group_names": vec![long(120); 20]}}),
        json!({"teams": {"managers": {}}}),
        json!({"teams": {"managers": {"name_template": format!("{{name}}{}", long(194))}}}),
        json!({"attributes": {"names": {"city": format!("a{}", "-".repeat(63))}}}),
        json!({"languages": {"default": "zh-Hant-TW"}}),
        json!({"leavers": {"action": "deactivate_then_delete", "after_days": 30}, "allow_deletion": true}),
        json!({"photo": {"keep": true, "size": 648}}),
        json!({"photo": {}}),
    ] {
        assert!(read(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({"rules": {}}),
        json!({"guests": "maybe"}),
        json!({"guests": null}),
        json!({"required": ["city"]}),
        json!({"teams": {"group_names": [long(121)]}}),
        json!({"teams": {"group_names": [""]}}),
        json!({"teams": {"group_names": vec!["a"; 21]}}),
        json!({"teams": {"managers": {"name_template": "crew"}}}),
        json!({"teams": {"managers": {"name_template": format!("{{name}}{}", long(195))}}}),
        json!({"teams": {"groups": []}}),
        json!({"photo": {"size": 100}}),
        json!({"photo": {"keep": null}}),
        json!({"photo": {"pixels": 48}}),
        json!({"photo": null}),
        json!({"attributes": {"off": ["favouriteColour"]}}),
        json!({"attributes": {"off": ["city"], "more": ["city"]}}),
        json!({"attributes": {"names": {"city": ""}}}),
        json!({"attributes": {"names": {"city": "1st"}}}),
        json!({"attributes": {"names": {"city": long(65)}}}),
        json!({"attributes": {"names": {"city": "a b"}}}),
        json!({"languages": {"supported": ["e"]}}),
        json!({"languages": {"supported": ["en_GB"]}}),
        json!({"languages": {"supported": [format!("en-{}", "aaaaaaaa-".repeat(4))]}}),
        json!({"languages": {"default": "fr", "supported": ["en"]}}),
        json!({"leavers": {"action": "deactivate_then_delete", "after_days": 29}, "allow_deletion": true}),
        json!({"leavers": {"action": "deactivate_then_delete", "after_days": 3_651}, "allow_deletion": true}),
        json!({"leavers": {"action": "deactivate", "after_days": 30}}),
        json!({"adoption": {"by": ["mail", "mail"]}}),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn parts_that_do_not_fit_together_are_named() {
    for (bad, part, word) in [
        (json!({"attributes": {"off": ["surname"]}}), "rules.attributes.off", "required"),
        (json!({"attributes": {"names": {"city": "country"}}}), "rules.attributes.names", "another property"),
        (json!({"attributes": {"names": {"city": "a", "mail": "A"}}}), "rules.attributes.names", "another property"),
        (
            json!({"leavers": {"action": "deactivate_then_delete", "after_days": 30}}),
            "rules.leavers",
            "set allow_deletion to true",
        ),
    ] {
        let problem = read(bad).unwrap_err();
        assert!(problem.contains(&format!("\"field\":\"{part}\"")) && problem.contains(word), "{problem}");
    }
    // Names may be swapped, and a name is free once its property has another.
    assert!(read(json!({"attributes": {"names": {"city": "country", "country": "city"}}})).is_ok());
    assert!(read(json!({"attributes": {"off": ["surname"]}, "required": ["email"]})).is_ok());
    // Deletion can't be forbidden while leavers are deleted.
    let forbidding: RulesPatch = serde_json::from_value(json!({"allow_deletion": false})).unwrap();
    assert!(forbidding.over(read(everything()).unwrap()).is_err());
}
