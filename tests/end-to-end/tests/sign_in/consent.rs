//! Administrators who connect their tenant, and those who only say that they are.

use http::{Method, StatusCode};
use local::http::Answer;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::browser::{Browser, location, member};
use crate::platform::{Wish, form};
use crate::scene::{Organisation, Scene, text};
use crate::{Done, Failure};

/// Global Administrator, by the id of its template.
const ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// User Administrator: an administrator who may not consent.
const OF_USERS: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";

/// A tenant that is to be connected.
struct Customer {
    tenant: Organisation,
    administrator: String,
    employee: String,
}

/// A connection without a tenant, and its setup link.
struct Invited {
    connection: String,
    token: String,
}

async fn customer(scene: &Scene, seed: u64) -> Result<Customer, Failure> {
    let made =
        scene.control(Method::POST, "/tenants", json!({"seed": seed, "people": 12, "groups": 2, "roots": 1})).await?;
    let tenant = text(&made, "/tenantId");
    let path = format!("/tenants/{tenant}/actions");
    let mut people = Vec::new();
    for _ in 0..2 {
        let name = Uuid::new_v4().simple().to_string();
        let address = format!("{name}@{}", text(&made, "/domain"));
        let properties = json!({
            "displayName": name, "givenName": "New", "surname": name, "userPrincipalName": address, "mail": address,
            "userType": "Member", "accountEnabled": true,
        });
        let joined = scene.control(Method::POST, &path, json!({"action": "join", "properties": properties})).await?;
        people.push(text(&joined, "/results/0/id"));
    }
    let [administrator, employee] = people.as_slice() else { return Err("nobody joined".into()) };
    for (person, role) in [(administrator, ADMINISTRATOR), (employee, OF_USERS)] {
        scene.control(Method::PUT, &format!("/tenants/{tenant}/users/{person}/roles"), json!([role])).await?;
    }
    let tenant = Organisation { tenant, ..Organisation::default() };
    Ok(Customer { tenant, administrator: administrator.clone(), employee: employee.clone() })
}

async fn invite(scene: &Scene, name: &str) -> Result<Invited, Failure> {
    let body = json!({
        "name": name, "owners": ["owner@example.com"], "scope": {"type": "everyone"},
        "credential": {"type": "platform_application"}, "sign_in": {"just_in_time": false},
    });
    let made = scene.api.call(Method::POST, "/connections", Some(&body)).await?;
    let connection = text(&made, "/id");
    let link = scene.api.call(Method::POST, &format!("/connections/{connection}/setup-links"), None).await?;
    let token = member(&Url::parse(&text(&link, "/url"))?, "setup").ok_or("the link has no token")?;
    scene.is_secret(&token);
    Ok(Invited { connection, token })
}

async fn is_bound(scene: &Scene, invited: &Invited) -> Result<bool, Failure> {
    let connection = scene.api.get(&format!("/connections/{}", invited.connection)).await?;
    Ok(connection.get("bound").and_then(Value::as_bool).ok_or("the connection does not say whether it has a tenant")?)
}

/// From the setup link to Entra's page of consent.
async fn go_to_consent(browser: &mut Browser<'_>, invited: &Invited) -> Result<Url, Failure> {
    let url = browser.scene.at("/connect");
    browser.get(&format!("{url}?{}", form(&[("setup", &invited.token)]))).await?.success()?;
    let own = [("sec-fetch-site", "same-origin")];
    let answer = browser.send(Method::POST, &url, &own, &form(&[("setup", &invited.token)])).await?;
    let entra = location(&answer)?;
    browser.scene.is_secret(&member(&entra, "state").unwrap_or_default());
    Ok(entra)
}

/// Somebody says that they have consented, and signs in as `person`.
async fn come_back(
    browser: &mut Browser<'_>,
    callback: &str,
    customer: &Customer,
    person: &str,
) -> Result<Answer, Failure> {
    let scene = browser.scene;
    let answer = browser.get(callback).await?;
    let sign_in = location(&answer)?;
    scene.is_secret(&member(&sign_in, "state").unwrap_or_default());
    let callback = scene.entra(&customer.tenant, sign_in.as_str(), person, Value::Null).await?;
    browser.get(&callback).await
}

pub(crate) async fn a29_nobody_binds_a_connection_who_may_not_consent(scene: &Scene) -> Done {
    let (victim, attackers) = (customer(scene, 20).await?, customer(scene, 21).await?);
    let invited = invite(scene, "Waits for a tenant").await?;
    let callback = scene.at("/connect/callback");
    let said = |tenant: &str, state: &str| {
        format!("{callback}?{}", form(&[("admin_consent", "True"), ("tenant", tenant), ("state", state)]))
    };
    let victims = victim.tenant.tenant.as_str();

    // With a state that nobody began, that another browser began, or that was begun for something else.
    let mut other = Browser::new(scene);
    let others = go_to_consent(&mut other, &invited).await?;
    let mut sign_in = Browser::new(scene);
    let begun = sign_in.begin().await?;
    let others_state = member(&others, "state").unwrap_or_default();
    let at_sign_in = format!("{}?{}", scene.at("/login/callback"), form(&[("code", "x"), ("state", &others_state)]));
    let forged = [
        ("no state", Browser::new(scene), format!("{callback}?admin_consent=True&tenant={victims}")),
        ("an unknown state", Browser::new(scene), said(victims, &"A".repeat(43))),
        ("the state of another browser", Browser::new(scene), said(victims, &others_state)),
        ("the state of a sign-in", sign_in, said(victims, &begun.member("state"))),
        ("at the callback of sign-ins", other.clone(), at_sign_in),
    ];
    for (what, mut browser, address) in forged {
        let watch = scene.watch().await?;
        let answer = browser.get(&address).await?;
        watch.refused(what, &answer, 400, "not_begun", 0).await?;
    }
    // The tenant of the answer is nobody's word: what counts is who signs in then, and they may not consent.
    for (what, customer, person, status) in [
        ("an employee of the victim", &victim, &victim.employee, 403),
        ("an employee of another tenant", &attackers, &attackers.employee, 403),
    ] {
        let mut browser = Browser::new(scene);
        let entra = go_to_consent(&mut browser, &invited).await?;
        let watch = scene.watch().await?;
        let answer =
            come_back(&mut browser, &said(victims, &member(&entra, "state").unwrap_or_default()), customer, person)
                .await;
        match answer {
            Ok(answer) if answer.status.as_u16() == status => {}
            Ok(answer) => return Err(format!("{what}: {}", answer.unexpected()).into()),
            // Entra keeps them out by itself where nobody has consented.
            Err(error) if error.to_string().contains("AADSTS") => {}
            Err(error) => return Err(error),
        }
        watch.nothing_came_of_it(what).await?;
        if is_bound(scene, &invited).await? {
            return Err(format!("{what} has bound the connection").into());
        }
    }
    // A token of another kind than one of an administrator of that very tenant.
    let kinds = [
        json!({"key": "attacker", "claims": {"wids": [ADMINISTRATOR]}}),
        json!({"claims": {"tid": victims}}),
        json!({"claims": {"iss": format!("{}/{victims}/v2.0", scene.login())}}),
        json!({"claims": {"aud": scene.first.app}}),
        json!({"remove": ["nonce"]}),
        json!({"key": "consumer"}),
    ];
    for token in kinds {
        let mut browser = Browser::new(scene);
        let entra = go_to_consent(&mut browser, &invited).await?;
        let answer = browser.get(&said(victims, &member(&entra, "state").unwrap_or_default())).await?;
        let sign_in = location(&answer)?;
        let callback =
            scene.entra(&attackers.tenant, sign_in.as_str(), &attackers.administrator, token.clone()).await?;
        let watch = scene.watch().await?;
        let answer = browser.get(&callback).await?;
        watch.refused(&token.to_string(), &answer, 400, "token", 1).await?;
    }
    // Another site begins nothing, and a link that nobody made is none.
    let begin = form(&[("setup", &invited.token)]);
    let ours = scene.stack.url();
    for headers in
        [vec![], vec![("origin", "https://evil.example")], vec![("sec-fetch-site", "cross-site"), ("origin", ours)]]
    {
        let answer = Browser::new(scene).send(Method::POST, &scene.at("/connect"), &headers, &begin).await?;
        if answer.status != StatusCode::FORBIDDEN || answer.headers.contains_key("set-cookie") {
            return Err(format!("{headers:?}: {}", answer.unexpected()).into());
        }
    }
    for token in ["", "x", &"A".repeat(43), &Uuid::new_v4().to_string()] {
        let answer =
            Browser::new(scene).get(&format!("{}?{}", scene.at("/connect"), form(&[("setup", token)]))).await?;
        if answer.status != StatusCode::NOT_FOUND {
            return Err(format!("setup={token}: {}", answer.unexpected()).into());
        }
    }
    if is_bound(scene, &invited).await? { Err("somebody has bound the connection".into()) } else { Ok(()) }
}

pub(crate) async fn a29_a_tenant_comes_from_the_token_of_an_administrator_and_stays(scene: &Scene) -> Done {
    let (mine, others) = (customer(scene, 22).await?, customer(scene, 23).await?);
    let invited = invite(scene, "Connected by consent").await?;
    // The answer names another tenant than the one that consented. Nobody reads it.
    let connect = async |customer: &Customer| -> Result<Answer, Failure> {
        let mut browser = Browser::new(scene);
        let entra = go_to_consent(&mut browser, &invited).await?;
        let callback = scene.entra(&customer.tenant, entra.as_str(), &customer.administrator, Value::Null).await?;
        let callback = callback.replace(&customer.tenant.tenant, &scene.first.tenant);
        come_back(&mut browser, &callback, customer, &customer.administrator).await
    };
    let answer = connect(&mine).await?;
    if answer.status != StatusCode::OK || !is_bound(scene, &invited).await? {
        return Err(format!("an administrator could not connect their tenant: {}", answer.unexpected()).into());
    }
    let path = format!("/connections/{}", invited.connection);
    scene.api.call(Method::POST, &format!("{path}/activate"), None).await?;
    scene.first_run(&invited.connection).await?;
    // Whoever has the link, and a tenant of their own, changes nothing any more.
    let name = format!("rollcall/connection/{}", invited.connection);
    let kept = scene.stack.aws().secret(&name).await?;
    let answer = connect(&others).await?;
    let is_same = scene.stack.aws().secret(&name).await? == kept && kept.contains(&mine.tenant.tenant);
    if answer.status != StatusCode::FORBIDDEN || !is_same || !is_bound(scene, &invited).await? {
        return Err(format!("another tenant took the connection: {}", answer.unexpected()).into());
    }
    // Its people get in, also where nobody has said which organisation is theirs; those of the other tenant do not.
    let organisation = Organisation { connection: invited.connection.clone(), ..Organisation::default() };
    let account = scene.account_at(&organisation, &mine.employee, |_| true).await?;
    let wish = || Wish::anywhere(scene).with("login_hint", "somebody@nobody.example");
    let mut browser = Browser::new(scene);
    let begun = browser.begin_with(wish()).await?;
    let callback = scene.entra(&mine.tenant, begun.entra.as_str(), &mine.employee, Value::Null).await?;
    let answer = browser.finish(&callback).await?;
    let signed_in = browser.arrived(begun, &answer)?;
    let tokens = scene.exchange(&signed_in).await?;
    if tokens.claim("sub") != text(&account, "/id") || tokens.claim("connection") != invited.connection {
        return Err(format!("{account} is {}", tokens.claims).into());
    }
    let mut browser = Browser::new(scene);
    let begun = browser.begin_with(wish()).await?;
    let callback = scene.entra(&others.tenant, begun.entra.as_str(), &others.employee, Value::Null).await?;
    let watch = scene.watch().await?;
    let answer = browser.finish(&callback).await?;
    watch.refused("a tenant that consented and is not connected", &answer, 403, "organisation", 1).await
}
