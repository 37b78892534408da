//! ID tokens that are not as they have to be.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::browser::Browser;
use crate::platform::{Wish, claims};
use crate::scene::{Organisation, Scene, text};
use crate::{Done, Failure};

/// The tenant of personal Microsoft accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Somebody signs in with a token that differs as `token` says, and is refused for that reason.
async fn refused(scene: &Scene, what: &str, token: Value, detail: &str) -> Done {
    let person = scene.somebody()?;
    let watch = scene.watch().await?;
    let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, token).await?;
    watch.refused(what, &answer, 400, &format!("token: {detail}"), 1).await
}

/// Somebody signs in with such a token, and gets in.
async fn let_in(scene: &Scene, what: &str, token: Value) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let (begun, answer) = browser.try_to_sign_in(&person.id, token).await?;
    browser.arrived(begun, &answer).map(drop).map_err(|error| format!("{what}: {error}").into())
}

async fn each(scene: &Scene, detail: &str, tokens: &[Value]) -> Done {
    for token in tokens {
        refused(scene, &token.to_string(), token.clone(), detail).await?;
    }
    Ok(())
}

fn claim(name: &str, value: &Value) -> Value {
    json!({"claims": {name: value}})
}

pub(crate) async fn a3_a_token_needs_the_nonce_of_this_very_sign_in(scene: &Scene) -> Done {
    let earlier = Browser::new(scene).begin().await?.member("nonce");
    let tokens = [
        json!({"remove": ["nonce"]}),
        claim("nonce", &json!("")),
        claim("nonce", &json!("another")),
        claim("nonce", &json!(earlier)),
        claim("nonce", &json!(null)),
        claim("nonce", &json!([earlier])),
    ];
    each(scene, "claim nonce", &tokens).await
}

pub(crate) async fn a7_an_unsigned_token_and_another_algorithm_are_refused(scene: &Scene) -> Done {
    let mut tokens = vec![json!({"key": "none"})];
    for algorithm in
        ["none", "None", "nOnE", "NONE", "", "rs256", "RS256 ", "RS384", "RS512", "PS256", "ES256", "HS256"]
    {
        tokens.push(json!({"key": "none", "header": {"alg": algorithm}}));
        tokens.push(json!({"header": {"alg": algorithm}}));
    }
    tokens.push(json!({"header": {"alg": null}}));
    tokens.push(json!({"header": {"alg": ["RS256"]}}));
    each(scene, "header alg", &tokens).await?;
    let unsigned = [json!({"key": "none", "header": {"alg": "RS256"}}), json!({"corrupt": true})];
    each(scene, "its signature is wrong", &unsigned).await?;
    each(scene, "header crit", &[json!({"header": {"crit": ["exp"]}})]).await
}

pub(crate) async fn a8_a_public_key_is_no_shared_secret(scene: &Scene) -> Done {
    for form in ["hs256-pem", "hs256-der", "hs256-modulus", "hs256-jwk"] {
        each(scene, "header alg", &[json!({"key": form})]).await?;
        each(scene, "its signature is wrong", &[json!({"key": form, "header": {"alg": "RS256"}})]).await?;
    }
    Ok(())
}

pub(crate) async fn a9_a_header_brings_no_key_and_nobody_is_asked_for_one(scene: &Scene) -> Done {
    let keys = scene.control(Method::GET, "/keys", Value::Null).await?;
    let attackers = keys.get("attacker").cloned().unwrap_or_default();
    let (current, unknown) = (text(&keys, "/current/kid"), text(&attackers, "/kid"));
    let evil = format!("{}/evil", scene.stack.platform());
    let heard = scene.platform.others().len();
    let helps = [
        json!({"jwk": attackers}),
        json!({"jku": evil}),
        json!({"x5u": evil}),
        json!({"x5c": [URL_SAFE_NO_PAD.encode("certificate")]}),
        json!({"jwk": attackers, "jku": evil, "x5u": evil}),
    ];
    for help in helps {
        for (kid, detail) in [(&current, "its signature is wrong"), (&unknown, "its key is not known")] {
            let mut header = help.clone();
            if let Some(members) = header.as_object_mut() {
                members.insert("kid".to_owned(), json!(kid));
            }
            each(scene, detail, &[json!({"key": "attacker", "header": header})]).await?;
        }
    }
    let odd = ["../../x", &evil, "a b", "", "é", "a\u{0}", &"a".repeat(129), "' OR 1=1 --", "kid#1"];
    let mut tokens: Vec<Value> = odd.iter().map(|kid| json!({"header": {"kid": kid}})).collect();
    tokens.extend([json!({"header": {"kid": null}}), json!({"header": {"kid": 7}}), json!({"header": {"kid": {}}})]);
    each(scene, "header kid", &tokens).await?;
    let asked = scene.platform.others();
    match asked.get(heard..) {
        Some([]) => Ok(()),
        more => Err(format!("somebody asked for a key: {more:?}").into()),
    }
}

pub(crate) async fn a12_a_key_and_a_tenant_belong_to_one_issuer(scene: &Scene) -> Done {
    let (login, ours, other) = (scene.login(), scene.first.tenant.as_str(), scene.other.tenant.as_str());
    each(scene, "its key is not known", &[json!({"key": "consumer"})]).await?;
    let personal = format!("{login}/{PERSONAL}/v2.0");
    each(scene, "its key is not known", &[json!({"key": "consumer", "claims": {"iss": personal, "tid": PERSONAL}})])
        .await?;
    let issuers = [
        format!("{login}/{other}/v2.0"),
        format!("https://sts.windows.net/{ours}/"),
        format!("https://login.microsoftonline.com/{ours}/v2.0"),
        format!("{login}/{ours}/v2.0/"),
        format!("{login}/{ours}"),
        format!("{login}/{}/v2.0", ours.to_uppercase()),
        format!("{login}/{{tenantid}}/v2.0"),
        format!("{login}/common/v2.0"),
    ];
    let mut tokens: Vec<Value> = issuers.iter().map(|issuer| claim("iss", &json!(issuer))).collect();
    tokens.extend([json!({"remove": ["iss"]}), claim("iss", &json!([issuers])), claim("iss", &json!(null))]);
    each(scene, "claim iss", &tokens).await?;
    let tenants = [
        json!(other),
        json!(PERSONAL),
        json!(ours.to_uppercase()),
        json!(format!("{{{ours}}}")),
        json!("common"),
        json!(""),
        json!(null),
        json!([ours]),
    ];
    let mut tokens: Vec<Value> = tenants.iter().map(|tenant| claim("tid", tenant)).collect();
    tokens.push(json!({"remove": ["tid"]}));
    each(scene, "claim tid", &tokens).await?;
    // Signed with a key of the other tenant's issuer, all of it: a token of the other tenant.
    let whole = json!({"claims": {"tid": other, "iss": format!("{login}/{other}/v2.0")}});
    each(scene, "claim iss", &[whole]).await?;
    let versions = [claim("ver", &json!("1.0")), claim("ver", &json!(2.0)), json!({"remove": ["ver"]})];
    each(scene, "claim ver", &versions).await
}

pub(crate) async fn a14_a_token_is_for_us_alone(scene: &Scene) -> Done {
    let (ours, others) = (&scene.first.app, &scene.other.app);
    let audiences = [
        json!(others),
        json!([ours, others]),
        json!([others, ours]),
        json!([ours, ours]),
        json!([]),
        json!([[ours]]),
        json!({"aud": ours}),
        json!("00000003-0000-0000-c000-000000000000"),
        json!(ours.to_uppercase()),
        json!(format!("{ours} ")),
        json!(null),
        json!(7),
    ];
    let mut tokens: Vec<Value> = audiences.iter().map(|audience| claim("aud", audience)).collect();
    tokens.push(json!({"remove": ["aud"]}));
    tokens.push(json!({"claims": {"aud": [ours, others], "azp": others}}));
    each(scene, "claim aud", &tokens).await?;
    each(scene, "", &[json!({"useAccessToken": true})]).await?;
    let kinds = ["at+jwt", "logout+jwt", "JOSE", ""].map(|kind| json!({"header": {"typ": kind}}));
    each(scene, "header typ", &kinds).await
}

/// The beginning of a second of Entra's clock, so that what is compared by the second is not a matter of luck.
async fn at_the_beginning_of_a_second(scene: &Scene) -> Result<i64, Failure> {
    let millis = scene.now().await?;
    tokio::time::sleep(Duration::from_millis(u64::try_from(1_005 - millis.rem_euclid(1_000))?)).await;
    Ok(scene.now().await?.div_euclid(1_000))
}

pub(crate) async fn a15_times_are_whole_numbers_and_two_minutes_may_be_between_clocks(scene: &Scene) -> Done {
    let now = scene.now().await?.div_euclid(1_000);
    for name in ["exp", "nbf", "iat"] {
        let odd = [
            json!(null),
            json!(now.to_string()),
            json!("99999999999"),
            json!(1e99),
            json!(now as f64 + 0.5),
            json!(-1),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(true),
            json!([now]),
            json!({}),
        ];
        let mut tokens: Vec<Value> = odd.iter().map(|value| claim(name, value)).collect();
        tokens.push(json!({"remove": [name]}));
        each(scene, &format!("claim {name}"), &tokens).await?;
    }
    // Where the skew ends, to the second: what is begun before can be late, so each is tried when a second begins.
    for (name, offset, passes) in [
        ("exp", -121, false),
        ("nbf", 122, false),
        ("iat", 122, false),
        ("exp", -118, true),
        ("nbf", 119, true),
        ("iat", 119, true),
    ] {
        let now = at_the_beginning_of_a_second(scene).await?;
        let (what, token) = (format!("{name} {offset}"), claim(name, &json!(now + offset)));
        match passes {
            true => let_in(scene, &what, token).await?,
            false => refused(scene, &what, token, &format!("claim {name}")).await?,
        }
    }
    Ok(())
}

/// The right claims of a sign-in, as text without the brace that ends it.
async fn right_claims(
    scene: &Scene,
    organisation: &Organisation,
    person: &str,
    nonce: &str,
) -> Result<String, Failure> {
    let wanted = json!({"clientId": organisation.app, "user": person, "claims": {"nonce": nonce}});
    let minted = scene.control(Method::POST, &format!("/tenants/{}/mint", organisation.tenant), wanted).await?;
    let claims: Map<String, Value> = claims(&text(&minted, "/token"))?.as_object().cloned().unwrap_or_default();
    let mut text = Value::Object(claims).to_string();
    text.pop();
    Ok(text)
}

pub(crate) async fn a16_a_claim_that_is_there_twice_spoils_the_token(scene: &Scene) -> Done {
    let (ours, other, somebody) = (&scene.first.tenant, &scene.other.tenant, Uuid::new_v4());
    let doubled = [
        format!(r#","tid":"{other}""#),
        format!(r#","tid":"{ours}""#),
        format!(r#","t\u0069d":"{other}""#),
        format!(r#","oid":"{somebody}""#),
        r#","nonce":"another""#.to_owned(),
        r#","aud":"another""#.to_owned(),
        r#","exp":99999999999"#.to_owned(),
        r#","odd":{"a":1,"a":2}"#.to_owned(),
        r#","odd":NaN"#.to_owned(),
    ];
    let ends = ["}}", "} x", "", "}\n{\"tid\":\"x\"}"];
    let ends = ends.map(|end| (String::new(), end)).into_iter();
    let cases = doubled.into_iter().map(|more| (more, "}")).chain(ends);
    for (more, end) in cases.chain([(String::new(), "}")]) {
        let person = scene.somebody()?;
        let mut browser = Browser::new(scene);
        let begun = browser.begin_with(Wish::by(scene, &scene.first)).await?;
        let right = right_claims(scene, &scene.first, &person.id, &begun.member("nonce")).await?;
        let token = json!({"payload": format!("{right}{more}{end}")});
        let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, token).await?;
        let watch = scene.watch().await?;
        let answer = browser.finish(&callback).await?;
        if more.is_empty() && end == "}" {
            // The same without a departure gets in, so that it is the departure for which the others do not.
            browser.arrived(begun, &answer)?;
        } else {
            let what = format!("{more}{end}");
            watch.refused(&what, &answer, 400, "token: it has not the form of a token", 1).await?;
        }
    }
    Ok(())
}
