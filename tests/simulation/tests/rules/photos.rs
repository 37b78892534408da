//! Profile photos: when they are fetched, when they go, and that nothing else depends on them.

use std::time::Duration;

use entra::{Fault, FaultRule, Matcher, Photo};
use rollcall_directory::desired::Problem;
use rollcall_directory::identity::{PersonId, TenantId};
use rollcall_directory::photo::{PhotoRule, PhotoSize, Refusal};
use rollcall_directory::rules::Leavers;
use rollcall_store::{Change, Mode, Run, RunStatus, StoredImage};
use rollcall_sync::job::{Cause, Job, Message};
use tokio::time::Instant;
use uuid::Uuid;

use crate::people::{Done, Failed, Office, people, set};

impl Office {
    async fn keep_photos(&self, size: u16) -> Done {
        let size = PhotoSize::of(size).ok_or("no such size")?;
        self.settings(|connection| connection.rules.photo = PhotoRule { keep: true, size }).await
    }

    /// Gives somebody another photo of so many bytes, 648 pixels wide.
    fn picture(&self, person: Uuid, filling: u8, bytes: usize) {
        let mut image = vec![0xff, 0xd8, 0xff, 0xe0];
        image.resize(bytes, filling);
        self.upload(person, Some(image));
    }

    fn upload(&self, person: Uuid, bytes: Option<Vec<u8>>) {
        let photo = bytes.map(|bytes| Photo { bytes, content_type: "image/jpeg".to_owned(), side: 648 });
        self.world.entra.set_photo(self.world.tenant.tenant_id, person, photo).unwrap();
    }

    async fn image(&self, person: Uuid) -> Result<Option<StoredImage>, Failed> {
        let tenant = TenantId(self.world.tenant.tenant_id);
        Ok(self.world.table.image(self.world.connection, tenant, PersonId(person)).await?)
    }

    /// The digest that the account shows.
    async fn shown(&self, person: Uuid) -> Result<Option<String>, Failed> {
        let tenant = TenantId(self.world.tenant.tenant_id);
        let stored = self.world.table.user(self.world.connection, tenant, PersonId(person)).await?;
        let photo = stored.and_then(|stored| stored.photo);
        Ok(photo.and_then(|photo| photo.image().map(|image| image.digest.clone())))
    }

    /// Runs that looked at photos, the latest first.
    async fn rounds(&self) -> Result<Vec<Run>, Failed> {
        Ok(self.world.runs().await?.into_iter().filter(|run| run.mode == Mode::Photos).collect())
    }

    /// A full run, and the round that follows.
    async fn round(&self) -> Result<Run, Failed> {
        self.full().await?;
        let round = self.rounds().await?.remove(0);
        assert_eq!(round.status, RunStatus::Succeeded, "{round:?}");
        Ok(round)
    }

    /// Spoils what Graph answers of photos; an empty text is everybody's.
    fn spoil(&self, person: &str, fault: Fault) {
        let matcher = Matcher { path: Some(format!("/users/[^/]*{person}/photos?")), ..Matcher::default() };
        self.world.entra.set_faults(vec![FaultRule { matcher, times: None, fault }]).unwrap();
    }

    fn mend(&self) {
        self.world.entra.set_faults(Vec::new()).unwrap();
    }
}

fn status(status: u16, code: Option<&str>) -> Fault {
    Fault::Status { status, retry_after: None, code: code.map(str::to_owned), message: None, nested: false }
}

#[tokio::test(start_paused = true)]
async fn photos_are_off_by_default_and_cost_no_request() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.picture(ann, 1, 6_480);
    office.full().await?;
    office.world.run(Job::Person { person: PersonId(ann), by: "admin".to_owned() }).await?;
    assert_eq!(office.rounds().await?, Vec::new());
    assert_eq!((office.image(ann).await?, office.shown(ann).await?), (None, None));
    let before = office.world.network.requests();
    office.full().await?;
    let without = office.world.network.requests() - before;
    office.keep_photos(240).await?;
    let before = office.world.network.requests();
    office.full().await?;
    assert_eq!(office.world.network.requests() - before, without + 2, "one asks, one fetches");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_photo_is_fetched_once_and_again_only_when_it_changes() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.picture(ann, 1, 6_480);
    office.keep_photos(240).await?;

    let first = office.round().await?;
    assert_eq!((first.counts.tally.photos, first.counts.unchanged, first.requests), (1, 1, 2));
    let image = office.image(ann).await?.ok_or("no image")?;
    assert_eq!((image.format.media_type(), image.bytes.len()), ("image/jpeg", 2_400));
    assert_eq!(office.shown(ann).await?, Some(image.digest.clone()));
    assert_eq!(office.image(bob).await?, None);

    let second = office.round().await?;
    assert_eq!((second.counts.tally.photos, second.counts.unchanged, second.requests), (0, 2, 1), "nothing to do");

    office.picture(ann, 2, 6_480);
    let third = office.round().await?;
    assert_eq!((third.counts.tally.photos, third.requests), (1, 2));
    let now = office.shown(ann).await?;
    match office.changes(third.id).await?.as_slice() {
        [Change::Photo(change)] => {
            assert_eq!((&change.before, &change.after, change.person), (&Some(image.digest), &now, PersonId(ann)));
        }
        other => panic!("{other:?}"),
    }
    // Another size is another image, of everybody.
    office.keep_photos(48).await?;
    assert_eq!(office.round().await?.counts.tally.photos, 1);
    assert_eq!(office.image(ann).await?.map(|image| image.bytes.len()), Some(480));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_was_removed_is_cleared_however_graph_says_so() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.keep_photos(240).await?;
    for placeholder in [false, true] {
        let tenant = office.world.tenant.tenant_id;
        office.world.entra.adjust(tenant, |settings| settings.photo_placeholder = placeholder);
        office.picture(ann, 1, 6_480);
        office.round().await?;
        assert!(office.image(ann).await?.is_some());
        office.upload(ann, None);
        assert_eq!(office.round().await?.counts.tally.photos, 1);
        assert_eq!((office.image(ann).await?, office.shown(ann).await?), (None, None), "{placeholder}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_can_not_be_read_stays_and_keeps_nobody_elses_back() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.keep_photos(240).await?;
    office.picture(ann, 1, 6_480);
    office.round().await?;
    let before = office.shown(ann).await?;
    office.upload(ann, None);
    office.picture(bob, 2, 6_480);
    for (fault, unread) in [
        (status(500, None), 1),
        (status(403, Some("ErrorAccessDenied")), 1),
        (Fault::Html { status: 200 }, 1),
        (Fault::Html { status: 404 }, 1),
        (Fault::EmptyBody, 1),
        // Without a mailbox, or without the person: nobody says that there is no photo.
        (status(404, Some("ErrorNonExistentMailbox")), 0),
        (status(404, Some("Request_ResourceNotFound")), 0),
    ] {
        let what = format!("{fault:?}");
        office.spoil(&ann.to_string(), fault);
        let round = office.round().await?;
        assert_eq!(round.counts.photos_unread, unread, "{what}");
        assert_eq!(round.error.is_some(), unread > 0, "{what}");
        assert_eq!(office.shown(ann).await?, before, "{what}");
        assert!(office.image(ann).await?.is_some() && office.image(bob).await?.is_some(), "{what}");
    }
    office.mend();
    office.round().await?;
    assert_eq!(office.image(ann).await?, None);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_image_that_can_not_be_fetched_leaves_the_one_before_and_is_fetched_by_the_next_round() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.keep_photos(240).await?;
    office.picture(ann, 1, 6_480);
    office.round().await?;
    let before = office.shown(ann).await?;
    for (fault, unread) in [
        (status(500, None), 1),
        (Fault::Html { status: 200 }, 1),
        (Fault::ContentType { value: "application/json".to_owned() }, 1),
        // Removed in between: the next round will find that.
        (status(404, Some("ImageNotFound")), 0),
    ] {
        let what = format!("{fault:?}");
        office.picture(ann, 2, 6_480);
        office.picture(bob, 3, 6_480);
        let matcher = Matcher { path: Some(format!("{ann}/photos/")), ..Matcher::default() };
        office.world.entra.set_faults(vec![FaultRule { matcher, times: None, fault }])?;
        let round = office.round().await?;
        assert_eq!((round.counts.photos_unread, round.counts.unchanged), (unread, 1 - unread), "{what}");
        assert_eq!(office.shown(ann).await?, before, "{what}");
        assert!(office.image(ann).await?.is_some() && office.image(bob).await?.is_some(), "{what}");
    }
    office.mend();
    assert_eq!(office.round().await?.counts.tally.photos, 1);
    assert_ne!(office.shown(ann).await?, before);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_photo_that_is_too_large_or_none_at_all_is_a_problem_of_one_person() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.keep_photos(648).await?;
    office.picture(ann, 1, 6_480);
    office.round().await?;
    office.picture(ann, 1, 200_000);
    office.upload(bob, Some(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec()));
    let refused = office.round().await?;
    assert_eq!((refused.counts.tally.photos, refused.counts.photos_unread), (1, 0), "Ann's is gone");
    assert_eq!((office.image(ann).await?, office.image(bob).await?), (None, None));
    let problems = async || -> Result<Vec<(String, Problem)>, Failed> {
        let mut found: Vec<_> =
            office.problems().await?.into_iter().map(|noted| (noted.label, noted.problem)).collect();
        found.sort();
        Ok(found)
    };
    let of = |name: &str, refusal| (name.to_owned(), Problem::Photo { refusal });
    let both = vec![of("Ann Lee", Refusal::TooLarge), of("Bob Lee", Refusal::UnknownFormat)];
    assert_eq!(problems().await?, both);
    // It stays noted, and is not fetched again.
    assert_eq!(office.round().await?.requests, 1);
    assert_eq!(problems().await?, both);
    office.incremental().await?;
    assert_eq!(problems().await?, both);

    office.keep_photos(240).await?;
    office.upload(bob, None);
    office.round().await?;
    assert_eq!(office.image(ann).await?.map(|image| image.bytes.len()), Some(74_074));
    assert_eq!(problems().await?, Vec::new());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn together_too_large_for_one_answer_they_are_fetched_one_by_one() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    office.keep_photos(648).await?;
    office.picture(ann, 1, 6_480);
    office.picture(bob, 1, 17_000_000);
    office.round().await?;
    assert!(office.image(ann).await?.is_some());
    assert_eq!(office.image(bob).await?, None);
    assert_eq!(office.problems().await?.remove(0).problem, Problem::Photo { refusal: Refusal::TooLarge });
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn switching_photos_off_deletes_them_all() -> Done {
    let office = Office::open().await?;
    let (ann, bob, cid) = (office.employ(1, "Ann"), office.employ(2, "Bob"), office.employ(3, "Cid"));
    for person in [ann, bob] {
        office.picture(person, 1, 6_480);
    }
    office.picture(cid, 1, 200_000);
    office.keep_photos(648).await?;
    office.round().await?;
    // Who has left keeps the photo with the account, until then.
    office.leave(office.staff, bob);
    office.round().await?;
    assert!(office.image(bob).await?.is_some());
    office.settings(|connection| connection.rules.photo.keep = false).await?;
    let before = office.rounds().await?.len();
    let last = office.round().await?;
    assert_eq!((last.counts.tally.photos, last.requests), (2, 0));
    for person in [ann, bob, cid] {
        assert_eq!((office.image(person).await?, office.shown(person).await?), (None, None));
    }
    assert_eq!(office.problems().await?, Vec::new());
    office.full().await?;
    assert_eq!(office.rounds().await?.len(), before + 1, "there is nothing left to delete");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn newcomers_are_looked_at_soon_and_others_when_somebody_asks() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.keep_photos(240).await?;
    office.round().await?;
    let bob = office.employ(2, "Bob");
    office.picture(ann, 1, 6_480);
    office.picture(bob, 1, 6_480);
    office.incremental().await?;
    assert!(office.image(bob).await?.is_some(), "a newcomer");
    assert_eq!(office.image(ann).await?, None, "no delta tells of photos");
    let rounds = office.rounds().await?.len();
    let by = "admin".to_owned();
    office.world.run(Job::Person { person: PersonId(ann), by: by.clone() }).await?;
    assert!(office.image(ann).await?.is_some());
    assert_eq!(office.rounds().await?.len(), rounds + 1);
    office.world.run(Job::Person { person: PersonId(ann), by }).await?;
    assert_eq!(office.rounds().await?.len(), rounds + 1, "where nothing has changed no run stays behind");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_deleted_account_takes_its_photo_along_and_undoing_a_run_leaves_photos_alone() -> Done {
    let office = Office::open().await?;
    let (ann, bob) = (office.employ(1, "Ann"), office.employ(2, "Bob"));
    for person in [ann, bob] {
        office.picture(person, 1, 6_480);
    }
    office.keep_photos(240).await?;
    let round = office.round().await?;
    office.settings(|connection| connection.rules.auto_sync = false).await?;
    office.world.run(Job::Undo { run: round.id, by: "admin".to_owned() }).await?;
    assert!(office.image(ann).await?.is_some() && office.shown(ann).await?.is_some());
    office
        .settings(|connection| {
            connection.rules.auto_sync = true;
            connection.rules.allow_deletion = true;
            connection.rules.leavers = Leavers::DeactivateThenDelete { after_days: 30 };
        })
        .await?;
    office.leave(office.staff, bob);
    office.full().await?;
    office.world.advance(Duration::from_secs(31 * 86_400));
    office.full().await?;
    assert_eq!(office.platform().await?.inactive.len(), 0);
    assert_eq!(office.image(bob).await?, None);
    assert!(office.image(ann).await?.is_some());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_graph_without_photos_holds_up_nothing_and_a_poll_goes_on() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.picture(ann, 1, 6_480);
    office.keep_photos(240).await?;
    office.spoil("", status(503, None));
    office.world.full().await?;
    assert_eq!(office.rounds().await?.remove(0).status, RunStatus::Running);
    assert_eq!(office.active().await?, set(&[ann]), "the account is there all the same");
    let bob = office.employ(2, "Bob");
    office.world.advance(Duration::from_secs(900));
    office.world.incremental().await?;
    assert_eq!(office.active().await?, set(&[ann, bob]));
    office.mend();
    office.world.advance(Duration::from_secs(900));
    office.world.incremental().await?;
    let rounds = office.rounds().await?;
    assert!(rounds.iter().all(|run| run.status == RunStatus::Succeeded), "{rounds:?}");
    assert!(office.image(ann).await?.is_some());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_round_does_not_wait_for_ever_for_people_of_whom_nothing_can_be_read() -> Done {
    let office = Office::open().await?;
    let ann = office.employ(1, "Ann");
    office.keep_photos(240).await?;
    office.picture(ann, 1, 6_480);
    office.round().await?;
    office.spoil("", status(503, None));
    office.world.full().await?;
    for _ in 0..2 {
        office.world.advance(Duration::from_secs(900));
        office.world.incremental().await?;
    }
    let round = office.rounds().await?.remove(0);
    assert_eq!((round.status, round.counts.photos_unread), (RunStatus::Succeeded, 1), "{round:?}");
    assert!(office.image(ann).await?.is_some());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_round_goes_in_slices_that_let_others_go_first_and_survives_a_lost_message() -> Done {
    let office = Office::open().await?;
    let staff: Vec<Uuid> = (0..250).map(|number| office.employ(number, &format!("Ann{number}"))).collect();
    office
        .settings(|connection| connection.scope = rollcall_directory::scope::Scope::People { people: people(&staff) })
        .await?;
    office.full().await?;
    office.keep_photos(240).await?;
    for person in &staff {
        office.picture(*person, 1, 6_480);
    }
    let matcher = Matcher { path: Some("batch$".to_owned()), ..Matcher::default() };
    let slow = FaultRule { matcher, times: None, fault: Fault::SlowHead { millis: 2_000 } };
    let world = &office.world;
    world.worker.work(&full(&office), Instant::now() + Duration::from_secs(300)).await?;
    world.entra.set_faults(vec![slow])?;
    let pictured = async || -> Result<usize, Failed> {
        let mut count = 0;
        for person in &staff {
            count += usize::from(office.image(*person).await?.is_some());
        }
        Ok(count)
    };
    let work = async |message: &Message| -> Done {
        let begun = Instant::now();
        world.worker.work(message, begun + Duration::from_secs(300)).await?;
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        Ok(())
    };
    let first = world.queue.take().ok_or("no slice was queued")?;
    assert!(matches!(first.job, Job::Photos { slice: 0, .. }), "{first:?}");
    work(&first).await?;
    let some = pictured().await?;
    assert!(some > 0 && some < 250, "{some}");
    // Whatever came meanwhile stands before the next slice.
    let next = world.queue.take().ok_or("no slice was queued")?;
    assert!(matches!(next.job, Job::Photos { slice: 1, .. }), "{next:?}");
    // The first message comes once more, and does nothing; the next one is lost.
    work(&first).await?;
    assert_eq!((pictured().await?, world.queue.is_empty()), (some, true));
    world.advance(Duration::from_secs(900));
    world.incremental().await?;
    assert_eq!(pictured().await?, 250);
    let round = office.rounds().await?.remove(0);
    assert_eq!((round.status, round.counts.tally.photos), (RunStatus::Succeeded, 250), "{round:?}");
    Ok(())
}

fn full(office: &Office) -> Message {
    Message::new(office.world.connection, Job::Full { cause: Cause::Schedule })
}
