//! Which issuer answers, and the keys of its tokens.

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::Browser;
use crate::crowd::figures;
use crate::scene::{FUNCTION, Scene, TABLE, text};
use crate::{Done, Failure};

/// Callbacks with keys that nobody has.
const UNKNOWN: usize = 1_000;

impl Scene {
    async fn rows_of_keys(&self) -> Result<Vec<Value>, Failure> {
        let items = self.items().await?.into_iter().filter(|item| text(item, "/pk/S").starts_with("KEYS#"));
        Ok(items.map(|item| json!({"pk": item.get("pk"), "sk": item.get("sk")})).collect())
    }

    /// As if no key had ever been read.
    async fn forget_keys(&self) -> Done {
        for key in self.rows_of_keys().await? {
            let body = json!({"TableName": TABLE, "Key": key});
            self.stack.aws().call("DynamoDB_20120810.DeleteItem", &body).await?;
        }
        self.stack.functions().retire(FUNCTION).await;
        Ok(())
    }

    /// As if the keys had been read so long ago.
    async fn age_keys(&self, seconds: i64) -> Done {
        let at = Timestamp::from_second(self.now().await?.div_euclid(1_000) - seconds)?.to_string();
        for key in self.rows_of_keys().await? {
            let body = json!({
                "TableName": TABLE, "Key": key, "UpdateExpression": "SET fetched_at = :at, tried_at = :at",
                "ExpressionAttributeValues": {":at": {"S": at}},
            });
            self.stack.aws().call("DynamoDB_20120810.UpdateItem", &body).await?;
        }
        self.stack.functions().retire(FUNCTION).await;
        Ok(())
    }
}

async fn let_in(scene: &Scene, what: &str, token: Value) -> Done {
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let (begun, answer) = browser.try_to_sign_in(&person.id, token).await?;
    browser.arrived(begun, &answer).map(drop).map_err(|error| format!("{what}: {error}").into())
}

pub(crate) async fn a5_an_answer_of_another_issuer_is_refused_and_its_code_goes_nowhere(scene: &Scene) -> Done {
    let (login, ours) = (scene.login(), scene.first.tenant.as_str());
    let others = [
        format!("{login}/{}/v2.0", scene.other.tenant),
        format!("https://login.microsoftonline.us/{ours}/v2.0"),
        format!("{login}/{ours}/v2.0/"),
        format!("{login}/{ours}/v2.0%20"),
        String::new(),
    ];
    for issuer in others {
        let person = scene.somebody()?;
        let mut browser = Browser::new(scene);
        let begun = browser.begin().await?;
        let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
        let watch = scene.watch().await?;
        let answer = browser.finish(&format!("{callback}&iss={issuer}")).await?;
        watch.refused(&format!("iss={issuer}"), &answer, 400, "issuer", 0).await?;
    }
    // Nothing else of an answer says where its code goes.
    let heard = scene.platform.others().len();
    let evil = format!("{}/evil", scene.stack.platform());
    let person = scene.somebody()?;
    let mut browser = Browser::new(scene);
    let begun = browser.begin().await?;
    let callback = scene.entra(&scene.first, begun.entra.as_str(), &person.id, Value::Null).await?;
    let more =
        format!("token_endpoint={evil}&tenant={}&cloud_instance_host_name={evil}&authority={evil}", scene.other.tenant);
    let answer = browser.finish(&format!("{callback}&{more}")).await?;
    browser.arrived(begun, &answer)?;
    if scene.platform.others().len() != heard {
        return Err("an answer has led a code elsewhere".into());
    }
    // An issuer that says who it is (RFC 9207) gets its people in.
    let settings = format!("/tenants/{ours}/settings");
    scene.control(Method::PATCH, &settings, json!({"issuerParameter": true})).await?;
    let done = let_in(scene, "the right issuer", Value::Null).await;
    scene.control(Method::PATCH, &settings, json!({"issuerParameter": false})).await?;
    done
}

pub(crate) async fn a6_metadata_of_somebody_else_bring_no_keys(scene: &Scene) -> Done {
    let (login, other) = (scene.login(), scene.other.tenant.as_str());
    let evil = format!("{}/evil", scene.stack.platform());
    let heard = scene.platform.others().len();
    let spoiled = [
        ("issuer", format!("{login}/{other}/v2.0")),
        ("issuer", format!("{login}/{{tenantid}}/v2.0")),
        ("issuer", String::new()),
        ("token_endpoint", evil.clone()),
        ("token_endpoint", "https://evil.example/token".to_owned()),
        ("authorization_endpoint", login.replace("127.0.0.1", "localhost")),
        ("jwks_uri", evil),
        ("jwks_uri", format!("{login}@evil.example/keys")),
    ];
    for (name, value) in spoiled {
        scene.forget_keys().await?;
        let rule = json!([{
            "match": {"plane": "login", "path": "openid-configuration"},
            "fault": {"kind": "setProperty", "name": name, "value": value},
        }]);
        scene.faults(rule).await?;
        let person = scene.somebody()?;
        let watch = scene.watch().await?;
        let answer = Browser::new(scene).try_to_sign_in(&person.id, Value::Null).await;
        scene.faults(Value::Null).await?;
        let what = format!("{name}={value}");
        watch.refused(&what, &answer?.1, 503, "keys", 1).await?;
        if (watch.calls("discovery").await?, watch.calls("keys").await?) != (1, 0) {
            return Err(format!("{what}: keys were read").into());
        }
    }
    if scene.platform.others().len() != heard {
        return Err("metadata have led somebody elsewhere".into());
    }
    scene.forget_keys().await?;
    let_in(scene, "the right metadata", Value::Null).await
}

pub(crate) async fn a11_keys_roll_over_and_old_ones_stay_while_none_can_be_read(scene: &Scene) -> Done {
    scene.control(Method::POST, "/keys/rotate", json!({"keepOld": true})).await?;
    scene.age_keys(600).await?;
    let watch = scene.watch().await?;
    let_in(scene, "the first token of a new key", json!({})).await?;
    let_in(scene, "a token of the key before", json!({"key": "previous"})).await?;
    if watch.calls("keys").await? != 1 {
        return Err(format!("keys were read {} times for a new key", watch.calls("keys").await?).into());
    }
    // A key that was taken away at once is good as long as those that are known are: an hour.
    scene.control(Method::POST, "/keys/rotate", json!({"keepOld": false})).await?;
    let_in(scene, "a removed key within the hour", json!({"key": "previous"})).await?;
    scene.age_keys(3_601).await?;
    let person = scene.somebody()?;
    let watch = scene.watch().await?;
    let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, json!({"key": "previous"})).await?;
    watch.refused("a removed key after an hour", &answer, 400, "token: its key is not known", 1).await?;
    let_in(scene, "the key in its place", json!({})).await?;

    let troubles = [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "html", "status": 200}),
        json!({"kind": "setProperty", "name": "keys", "value": []}),
        json!({"kind": "truncatedJson"}),
        json!({"kind": "resetBeforeHead"}),
        json!({"kind": "slowHead", "millis": 40_000}),
    ];
    for fault in troubles {
        let what = fault.to_string();
        scene.age_keys(2 * 3_600).await?;
        scene.faults(json!([{"match": {"plane": "login", "path": "discovery/v2.0/keys"}, "fault": fault}])).await?;
        let watch = scene.watch().await?;
        let begun = Instant::now();
        let done = let_in(scene, &what, json!({})).await;
        let took = begun.elapsed();
        let asked = watch.calls("keys").await?;
        let failed = done.err();
        // Keys that are older than a day are good no more.
        scene.age_keys(25 * 3_600).await?;
        let person = scene.somebody()?;
        let late = scene.watch().await?;
        let answer = match what.contains("slowHead") {
            true => None,
            false => Some(Browser::new(scene).try_to_sign_in(&person.id, Value::Null).await),
        };
        scene.faults(Value::Null).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        println!("keys can't be read ({what}): a sign-in takes {:.1} s, {asked} answers", took.as_secs_f64());
        if took > Duration::from_secs(20) {
            return Err(format!("{what}: somebody waited for {} s", took.as_secs()).into());
        }
        if let Some(answer) = answer {
            late.refused(&format!("{what}, a day later"), &answer?.1, 503, "keys", 1).await?;
        }
    }
    scene.forget_keys().await?;
    let_in(scene, "when keys can be read again", json!({})).await
}

async fn valid_sign_ins(scene: &Scene) -> Result<(Duration, Duration), Failure> {
    let mut took = Vec::new();
    for _ in 0..40 {
        let person = scene.somebody()?;
        let begun = Instant::now();
        Browser::new(scene).sign_in(&person.id).await?;
        took.push(begun.elapsed());
    }
    Ok(figures("  valid sign-ins, one after the other", took))
}

pub(crate) async fn a10_a_thousand_unknown_keys_cost_one_look_at_most(scene: &Scene) -> Done {
    let (_, before) = valid_sign_ins(scene).await?;
    // Five minutes after the last look, so that there may be one more.
    scene.age_keys(600).await?;
    let watch = scene.watch().await?;
    let begun = Instant::now();
    let callbacks = stream::iter(0..UNKNOWN).map(|_| async {
        let person = scene.somebody()?;
        let token = json!({"header": {"kid": Uuid::new_v4().simple().to_string()}});
        let (_, answer) = Browser::new(scene).try_to_sign_in(&person.id, token).await?;
        Ok::<_, Failure>(answer.status)
    });
    let statuses: Vec<StatusCode> = callbacks.buffer_unordered(50).try_collect().await?;
    println!("{UNKNOWN} callbacks with unknown keys took {:.1} s", begun.elapsed().as_secs_f64());
    let other = statuses.iter().find(|status| **status != StatusCode::BAD_REQUEST);
    if let Some(status) = other {
        return Err(format!("a token of an unknown key got {status}").into());
    }
    watch.nothing_came_of_it("unknown keys").await?;
    watch.logged("unknown keys", "token: its key is not known")?;
    let looks = watch.calls("keys").await?;
    if looks > 1 {
        return Err(format!("keys were read {looks} times").into());
    }
    let (_, after) = valid_sign_ins(scene).await?;
    if after > before * 3 + Duration::from_millis(200) {
        return Err(format!("valid sign-ins took {before:?} before and {after:?} after").into());
    }
    Ok(())
}
