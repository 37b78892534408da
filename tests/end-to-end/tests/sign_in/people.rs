//! Who somebody is: the tenant and the object id, and nothing else that a token says.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, header, location, member};
use crate::platform::{Wish, error};
use crate::scene::{Organisation, Person, Scene, text};
use crate::{Done, Failure};

/// Sign-ins of a person, as the admin API tells them, the newest first.
async fn history(scene: &Scene, person: &str) -> Result<Vec<Value>, Failure> {
    let path = format!("/connections/{}/users/{person}/sign-ins", scene.first.connection);
    Ok(scene.api.all(&path).await?)
}

pub(crate) async fn a13_a_tenant_that_nobody_connected_does_not_get_in(scene: &Scene) -> Done {
    // By a connection of somebody else.
    let stranger = scene.control(Method::POST, "/tenants", json!({"seed": 9, "people": 10, "groups": 2})).await?;
    let id = text(&stranger, "/tenantId");
    let person = scene.somebody()?;
    let watch = scene.watch().await?;
    let theirs = json!({"claims": {"tid": id, "iss": format!("{}/{id}/v2.0", scene.login())}});
    let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, theirs).await?;
    watch.refused("a token of a tenant without a connection", &answer, 400, "token: claim iss", 1).await?;

    // By the platform's own application, to which anybody of any tenant can sign in.
    let state = scene.control(Method::GET, &format!("/tenants/{id}/state?properties=userType"), Value::Null).await?;
    let people = state.get("people").and_then(Value::as_array).cloned().unwrap_or_default();
    let stranger = Organisation { tenant: id, ..Organisation::default() };
    for person in people.iter().filter(|person| text(person, "/userType") != "Guest").take(3) {
        let mut browser = Browser::new(scene);
        let begun = browser.begin_with(Wish::anywhere(scene).with("login_hint", "a@nobody.example")).await?;
        if !begun.entra.path().starts_with("/organizations/") {
            return Err(format!("somebody of an unknown domain is sent to {}", begun.entra.path()).into());
        }
        let Ok(callback) = scene.entra(&stranger, begun.entra.as_str(), &text(person, "/id"), Value::Null).await else {
            // Disabled people do not even get past Entra.
            continue;
        };
        let watch = scene.watch().await?;
        let answer = browser.finish(&callback).await?;
        watch.refused("a tenant without a connection", &answer, 403, "organisation", 1).await?;
    }
    Ok(())
}

pub(crate) async fn a23_an_address_in_a_token_leads_to_nobodys_account(scene: &Scene) -> Done {
    let victim = scene.somebody()?;
    let attacker = attacker(scene)?;
    let mail = attacker.all.pointer("/attributes/mail").cloned().unwrap_or_default();
    // An administrator of the attacker's tenant writes the victim's address into the directory, and so into the token.
    let path = format!("/tenants/{}/actions", scene.other.tenant);
    let set = |mail: &Value| json!({"action": "setProperties", "id": attacker.id, "properties": {"mail": mail}});
    let shown = async |mail: &Value| -> Done {
        let is_shown = |account: &Value| account.pointer("/attributes/mail").unwrap_or(&Value::Null) == mail;
        scene.account_at(&scene.other, &attacker.id, is_shown).await.map(drop)
    };
    let stolen = json!(victim.email);
    scene.control(Method::POST, &path, set(&stolen)).await?;
    shown(&stolen).await?;
    let done = pose_as(scene, &victim.id, &victim.account, &victim.email).await;
    scene.control(Method::POST, &path, set(&mail)).await?;
    shown(&mail).await?;
    done
}

/// Somebody of the other tenant who is no guest there.
fn attacker(scene: &Scene) -> Result<&Person, Failure> {
    let mut members = scene.other.people.iter().filter(|person| !person.all.to_string().contains("#EXT#"));
    Ok(members.next().ok_or("the other tenant has no member")?)
}

async fn pose_as(scene: &Scene, victim: &str, account: &str, email: &str) -> Done {
    let attacker = attacker(scene)?;
    let victims = format!("/connections/{}/users/{victim}", scene.first.connection);
    let before = scene.api.get(&victims).await?;
    for verified in [Value::Null, json!(false), json!("0"), json!(true), json!("true"), json!(1), json!("1")] {
        let mut claims = json!({
            "email": email, "upn": email, "preferred_username": email, "unique_name": email, "verified_primary_email": [email],
            "sub": account, "oid_of": victim,
        });
        if let (Some(members), false) = (claims.as_object_mut(), verified.is_null()) {
            members.insert("xms_edov".to_owned(), verified.clone());
        }
        let mut browser = Browser::new(scene);
        let (begun, answer) = browser.try_at(&scene.other, &attacker.id, json!({"claims": claims})).await?;
        let signed_in = browser.arrived(begun, &answer)?;
        let tokens = scene.exchange(&signed_in).await?;
        let is_theirs = tokens.claim("sub") == attacker.account
            && tokens.claim("sub") != account
            && tokens.claim("connection") == scene.other.connection
            && tokens.claims.get("email_verified") != Some(&json!(true));
        if !is_theirs {
            return Err(format!("xms_edov {verified}: the attacker is {}", tokens.claims).into());
        }
    }
    // By the victim's connection their token is one of another tenant, whatever else it says.
    let watch = scene.watch().await?;
    let theirs = json!({"claims": {"tid": scene.other.tenant, "oid": attacker.id, "email": email, "upn": email}});
    let (_, answer) = Browser::new(scene).try_to_sign_in(victim, theirs).await?;
    watch.refused("the attacker at the victim's connection", &answer, 400, "token: claim tid", 1).await?;
    if scene.api.get(&victims).await? == before { Ok(()) } else { Err("the victim's account has changed".into()) }
}

pub(crate) async fn a24_only_a_plain_address_leads_to_an_organisation(scene: &Scene) -> Done {
    let domain = scene.first.domain.clone();
    let settings = json!({"sign_in": {"domains": [domain], "just_in_time": false}});
    let path = format!("/connections/{}", scene.first.connection);
    scene.api.call(Method::PATCH, &path, Some(&settings)).await?;
    let ours = format!("/{}/", scene.first.tenant);
    // What an answer says of where the person is sent.
    let sent = async |hint: &str| -> Result<bool, Failure> {
        let answer = Browser::new(scene).get(&Wish::anywhere(scene).with("login_hint", hint).url(scene)).await?;
        match answer.status {
            StatusCode::SEE_OTHER => Ok(header(&answer, "location").contains(&ours)),
            StatusCode::FORBIDDEN | StatusCode::OK => Ok(false),
            _ => Err(format!("{hint}: {}", answer.unexpected()).into()),
        }
    };
    for good in [format!("a@{domain}"), format!("A.B+c@{}", domain.to_uppercase()), format!(" a@{domain} ")] {
        if !sent(&good).await? {
            return Err(format!("{good} does not lead to its organisation").into());
        }
    }
    let bad = [
        format!("a@evil.example@{domain}"),
        format!("a@{domain}@evil.example"),
        format!("a@{domain}.evil.example"),
        format!("a@sub.{domain}"),
        format!("a@evil{domain}"),
        format!("a@{}", domain.replace('.', "\u{3002}")),
        format!("a@{}", domain.replace('.', "\u{ff0e}")),
        format!("a@{}", domain.replace('.', "\u{ff61}")),
        format!("\"a@{domain}\"@evil.example"),
        format!("\"a@evil.example\"@{domain}"),
        format!("a@evil.example, b@{domain}"),
        format!("Ann <a@{domain}>"),
        format!("a@{domain}#@evil.example"),
        format!("a@evil.example?@{domain}"),
        format!("a@{domain}\u{0}.evil.example"),
        format!("a@{domain}/.evil.example"),
        format!("a@{domain}:443"),
        format!("a@{domain}."),
        format!("a@.{domain}"),
        format!("a@%{:x}", domain.len()),
        format!("a@xn--{domain}"),
        format!("a@{}", domain.replacen('e', "\u{435}", 1)),
        format!("@{domain}"),
        domain.clone(),
        format!("a@[{domain}]"),
        format!("a(x@{domain})@evil.example"),
        format!("a\r\nb@{domain}"),
    ];
    for hint in bad {
        if sent(&hint).await? {
            return Err(format!("{hint} leads to the organisation of {domain}").into());
        }
    }
    Ok(())
}

pub(crate) async fn a25_guests_and_personal_accounts_do_not_get_in(scene: &Scene) -> Done {
    let path = format!("/tenants/{}/state?properties=userType,accountEnabled", scene.first.tenant);
    let state = scene.control(Method::GET, &path, Value::Null).await?;
    let people = state.get("people").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_guest = |person: &&Value| {
        text(person, "/userType") == "Guest"
            && person.get("accountEnabled") != Some(&json!(false))
            && person.get("deleted").is_none()
    };
    let guest = people.iter().find(is_guest).map(|person| text(person, "/id")).ok_or("the tenant has no guest")?;
    let person = scene.somebody()?;
    let home = format!("{}/{}/v2.0", scene.login(), scene.other.tenant);
    let cases = [
        (guest.as_str(), Value::Null),
        (&person.id, json!({"claims": {"acct": 1}})),
        (&person.id, json!({"claims": {"acct": "1"}})),
        (&person.id, json!({"claims": {"idp": home}})),
        (&person.id, json!({"claims": {"idp": "live.com"}})),
        (&person.id, json!({"claims": {"idp": "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/"}})),
        (&person.id, json!({"claims": {"idp": null}})),
    ];
    for (who, token) in cases {
        let what = token.to_string();
        let watch = scene.watch().await?;
        let (_, answer) = Browser::new(scene).try_to_sign_in(who, token).await?;
        watch.refused(&what, &answer, 403, "guest", 1).await?;
        let newest = history(scene, who).await?.into_iter().next().unwrap_or_default();
        if (text(&newest, "/outcome"), text(&newest, "/reason")) != ("refused".to_owned(), "guest".to_owned()) {
            return Err(format!("{what}: the history tells {newest}").into());
        }
    }
    // Members say so, and get in.
    let mut browser = Browser::new(scene);
    let (begun, answer) = browser.try_to_sign_in(&person.id, json!({"claims": {"acct": 0}})).await?;
    browser.arrived(begun, &answer)?;
    // Where a connection lets guests in, a guest is a person of that tenant and of no other: their home counts for nothing.
    let guest = scene.other.people.first().ok_or("the other tenant has nobody")?;
    let home = format!("{}/{}/v2.0", scene.login(), scene.first.tenant);
    let token = json!({"claims": {"acct": 1, "idp": home, "email": person.email}});
    let mut browser = Browser::new(scene);
    let (begun, answer) = browser.try_at(&scene.other, &guest.id, token).await?;
    let signed_in = browser.arrived(begun, &answer)?;
    let tokens = scene.exchange(&signed_in).await?;
    if tokens.claim("sub") != guest.account || tokens.claim("connection") != scene.other.connection {
        return Err(format!("a guest is {}", tokens.claims).into());
    }
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let issuer = format!("{}/{personal}/v2.0", scene.login());
    for token in
        [json!({"claims": {"tid": personal}}), json!({"key": "consumer", "claims": {"tid": personal, "iss": issuer}})]
    {
        let watch = scene.watch().await?;
        let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, token.clone()).await?;
        watch.refused(&token.to_string(), &answer, 400, "token", 1).await?;
    }
    Ok(())
}

pub(crate) async fn a26_a_swap_of_addresses_moves_no_account(scene: &Scene) -> Done {
    let (one, other) = (scene.newcomer().await?, scene.newcomer().await?);
    for property in ["userPrincipalName", "mail"] {
        scene.act(json!({"action": "swap", "one": one.id, "other": other.id, "property": property})).await?;
    }
    for (person, email) in [(&one, &other.email), (&other, &one.email)] {
        scene.account(&person.id, |account| text(account, "/email") == *email).await?;
    }
    for (person, email) in [(&one, &other.email), (&other, &one.email)] {
        let signed_in = Browser::new(scene).sign_in(&person.id).await?;
        let tokens = scene.exchange(&signed_in).await?;
        if tokens.claim("sub") != person.account || tokens.claim("email") != email {
            return Err(format!("after the swap {} is {}", person.account, tokens.claims).into());
        }
    }
    Ok(())
}

pub(crate) async fn a27_whoever_left_gets_in_no_more_and_their_session_is_over(scene: &Scene) -> Done {
    let person = scene.newcomer().await?;
    let mut browser = Browser::new(scene);
    let signed_in = browser.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    let member = |action: &str| json!({"action": action, "group": scene.first.root, "member": person.id});
    // Entra still vouches for them: it is the account here that is closed.
    scene.act(member("removeMember")).await?;
    scene.account(&person.id, |account| text(account, "/status") == "inactive").await?;
    let dead = async |when: &str, browser: &mut Browser<'_>| -> Done {
        if browser.is_signed_in().await? {
            return Err(format!("{when}: the old session is good").into());
        }
        let answer = scene.refresh(&tokens.refresh_token).await?;
        if answer.status != StatusCode::BAD_REQUEST || error(&answer) != "invalid_grant" {
            return Err(format!("{when}: the old refresh token is good").into());
        }
        match scene.userinfo(&tokens.access_token).await?.status {
            StatusCode::UNAUTHORIZED => Ok(()),
            status => Err(format!("{when}: userinfo answers {status}").into()),
        }
    };
    dead("after leaving", &mut browser).await?;
    let watch = scene.watch().await?;
    let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, Value::Null).await?;
    watch.refused("whoever left", &answer, 403, "deactivated", 1).await?;
    let newest = history(scene, &person.id).await?.into_iter().next().unwrap_or_default();
    if text(&newest, "/reason") != "deactivated" {
        return Err(format!("the history tells {newest}").into());
    }
    scene.platform.logout(tokens.claim("sid")).await?;
    // Whoever comes back signs in anew: what they had before stays dead.
    scene.act(member("addMember")).await?;
    scene.account(&person.id, |account| text(account, "/status") == "active").await?;
    dead("after coming back", &mut browser).await?;
    let mut anew = Browser::new(scene);
    let signed_in = anew.sign_in(&person.id).await?;
    let tokens = scene.exchange(&signed_in).await?;
    // And an administrator can sign them out everywhere.
    let path = format!("/connections/{}/users/{}/sign-out", scene.first.connection, person.id);
    scene.api.call(Method::POST, &path, None).await?;
    let answer = scene.refresh(&tokens.refresh_token).await?;
    if anew.is_signed_in().await? || error(&answer) != "invalid_grant" {
        return Err("somebody is signed in who was signed out everywhere".into());
    }
    scene.platform.logout(tokens.claim("sid")).await.map(drop)
}

pub(crate) async fn a28_where_groups_are_is_never_taken_from_a_token(scene: &Scene) -> Done {
    let evil = format!("{}/evil", scene.stack.platform());
    let heard = scene.platform.others().len();
    let teams = scene.api.all(&format!("/connections/{}/teams", scene.first.connection)).await?;
    let in_teams =
        |person: &&Person| person.all.get("teams").and_then(Value::as_array).is_some_and(|teams| teams.len() > 1);
    let person = scene.first.people.iter().find(in_teams).ok_or("nobody is in two teams")?;
    let groups: BTreeSet<String> = person
        .all
        .get("teams")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| Some(id.as_str()?.to_owned()))
        .collect();
    let theirs =
        teams.iter().filter(|team| groups.contains(&text(team, "/group")) && team.get("active") == Some(&json!(true)));
    let wanted: BTreeSet<String> = theirs.map(|team| text(team, "/name")).collect();
    for endpoint in
        [evil.as_str(), "http://169.254.169.254/latest/meta-data", "https://graph.microsoft.com.evil.example/"]
    {
        for claims in [
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint, "access_token": "x"}}}),
            json!({"hasgroups": true, "_claim_sources": {"src1": {"endpoint": endpoint}}}),
            json!({"groups": ["11111111-1111-1111-1111-111111111111"], "roles": ["supervisor", "admin"]}),
        ] {
            let mut browser = Browser::new(scene);
            let (begun, answer) = browser.try_to_sign_in(&person.id, json!({"claims": claims})).await?;
            let signed_in = browser.arrived(begun, &answer)?;
            let tokens = scene.exchange(&signed_in).await?;
            let told = tokens.claims.get("teams").and_then(Value::as_array).into_iter().flatten();
            let told: BTreeSet<String> = told.map(|team| text(team, "/name")).collect();
            if told != wanted {
                return Err(format!("{claims}: the teams are {told:?}, and should be {wanted:?}").into());
            }
        }
    }
    if scene.platform.others().len() == heard { Ok(()) } else { Err("somebody asked where the token said".into()) }
}

pub(crate) async fn whoever_has_no_account_waits_for_one_in_their_own_browser_or_is_refused(scene: &Scene) -> Done {
    let path = format!("/connections/{}", scene.first.connection);
    let settings = format!("/tenants/{}/settings", scene.first.tenant);
    let before = scene.api.get(&path).await?;
    let sign_in = |just_in_time: bool| {
        let domains = before.pointer("/sign_in/domains");
        json!({"sign_in": {"domains": domains, "just_in_time": just_in_time}})
    };
    let in_scope =
        async || -> Result<String, Failure> { Ok(text(&scene.act(scene.member(&[&scene.first.root])).await?, "/id")) };
    // Nobody tells of joiners, so that they sign in before a sync knows them; and what was told before is read by then.
    scene.control(Method::PATCH, &settings, json!({"notifications": {"lose": true}})).await?;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let elsewhere = text(&scene.act(scene.member(&[])).await?, "/id");
    let (early, joiner) = (in_scope().await?, in_scope().await?);
    let done = async {
        for person in [&elsewhere, &early] {
            let watch = scene.watch().await?;
            let (_, answer) = Browser::new(scene).try_to_sign_in(person, Value::Null).await?;
            watch.refused("where accounts are not made", &answer, 403, "no_account", 1).await?;
        }
        scene.api.call(Method::PATCH, &path, Some(&sign_in(true))).await?;
        let watch = scene.watch().await?;
        let (_, answer) = Browser::new(scene).try_to_sign_in(&elsewhere, Value::Null).await?;
        watch.refused("out of scope", &answer, 403, "not_in_scope", 1).await?;
        wait(scene, &joiner).await
    };
    let done = done.await;
    scene.control(Method::PATCH, &settings, json!({"notifications": {"lose": false}})).await?;
    scene.api.call(Method::PATCH, &path, Some(&sign_in(false))).await?;
    done
}

/// Somebody waits for their account: in the browser in which they signed in, and for one session.
async fn wait(scene: &Scene, person: &str) -> Done {
    let mut browser = Browser::new(scene);
    let (begun, answer) = browser.try_to_sign_in(person, Value::Null).await?;
    let room = location(&answer)?;
    if !room.as_str().starts_with(&scene.at("/login/wait")) || browser.jar.session().is_some() {
        return Err(format!("somebody without an account is sent to {room}").into());
    }
    scene.is_secret(&member(&room, "state").unwrap_or_default());
    let mut other = Browser::new(scene);
    other.begin().await?;
    for address in [room.as_str(), &room.as_str().replace("/login/wait?", "/login/callback?code=x&")] {
        let answer = other.get(address).await?;
        if answer.status != StatusCode::BAD_REQUEST || answer.headers.contains_key("location") {
            return Err(format!("another browser waits: {}", answer.unexpected()).into());
        }
    }
    let watch = scene.watch().await?;
    for _ in 0..60 {
        // Several windows of one browser, at the same moment.
        let room = room.as_str();
        let looks = (0..5).map(|_| {
            let mut window = browser.clone();
            async move { window.finish(room).await.map(|answer| (window, answer)) }
        });
        let looks = futures::future::try_join_all(looks).await?;
        let mut arrived = looks.into_iter().filter(|(_, answer)| answer.status == StatusCode::SEE_OTHER);
        if let Some((window, answer)) = arrived.next() {
            let signed_in = window.arrived(begun, &answer)?;
            let tokens = scene.exchange(&signed_in).await?;
            let account = scene.account(person, |_| true).await?;
            let is_one = arrived.next().is_none() && watch.sessions().await? == 1;
            let is_theirs = tokens.claim("sub") == text(&account, "/id");
            return if is_one && is_theirs {
                Ok(())
            } else {
                Err("one wait has led to more than a session, or to another's".into())
            };
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    Err("no account was made within 30 s".into())
}

pub(crate) async fn a_connection_with_an_application_of_its_own_is_found_by_the_tenant_too(scene: &Scene) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let wish = Wish::anywhere(scene).with("login_hint", "somebody@nobody.example");
    let begun = browser.begin_with(wish).await?;
    if begun.member("client_id") != scene.vendor.app || !begun.entra.path().starts_with("/organizations/") {
        return Err(format!("somebody of an unknown domain is sent to {}", begun.entra).into());
    }
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
    let answer = browser.finish(&callback).await?;
    let signed_in = browser.arrived(begun, &answer)?;
    let tokens = scene.exchange(&signed_in).await?;
    let is_theirs = tokens.claim("sub") == person.account && tokens.claim("connection") == scene.first.connection;
    if !is_theirs {
        return Err(format!("{} is {}", person.account, tokens.claims).into());
    }
    // A token is good for the application alone that redeemed its code.
    for (wish, audience) in [
        (Wish::anywhere(scene).with("login_hint", "somebody@nobody.example"), &scene.first.app),
        (Wish::by(scene, &scene.first), &scene.vendor.app),
    ] {
        let mut browser = Browser::new(scene);
        let begun = browser.begin_with(wish).await?;
        let token = json!({"claims": {"aud": audience}});
        let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, token).await?;
        let watch = scene.watch().await?;
        let answer = browser.finish(&callback).await?;
        watch.refused("a token for the other application", &answer, 400, "token: claim aud", 1).await?;
    }
    Ok(())
}
