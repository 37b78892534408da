//! Claims that an ID token has only when somebody asks for them.

use crate::relying_party::{GLOBAL_ADMINISTRATOR, claims, grant_role, register, tokens};
use crate::world::World;
use serde_json::{Value, json};

async fn person(world: &World, properties: Value) -> String {
    let mut all = json!({"displayName": "Ann", "userPrincipalName": "ann@x.example", "mail": "ann@mail.example", "accountEnabled": true});
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    let results = world.act(json!([{"action": "join", "properties": all}])).await;
    results[0]["id"].as_str().unwrap().to_owned()
}

async fn token(world: &World, person: &str, optional: Value, pairs: &[(&str, &str)]) -> Value {
    register(world, json!({"optionalClaims": optional})).await;
    claims(&tokens(world, person, pairs, json!({})).await["id_token"])
}

#[tokio::test]
async fn members_have_an_email_by_scope_or_by_optional_claim_alone() {
    let world = World::empty().await;
    let ann = person(&world, json!({})).await;
    assert!(token(&world, &ann, json!({}), &[]).await.get("email").is_none());
    assert_eq!(token(&world, &ann, json!({}), &[("scope", "openid email")]).await["email"], "ann@mail.example");
    assert_eq!(token(&world, &ann, json!({"email": true}), &[]).await["email"], "ann@mail.example");
}

#[tokio::test]
async fn xms_edov_comes_beside_email_alone_and_in_any_form() {
    let world = World::empty().await;
    let ann = person(&world, json!({})).await;
    assert!(token(&world, &ann, json!({"xmsEdov": true}), &[]).await.get("xms_edov").is_none());
    for form in [json!(true), json!("1"), json!(1), json!("true"), json!(false)] {
        let optional = json!({"email": true, "xmsEdov": form});
        assert_eq!(token(&world, &ann, optional, &[]).await["xms_edov"], form);
    }
}

#[tokio::test]
async fn guests_have_email_and_identity_provider_and_acct_tells_them_from_members() {
    let world = World::empty().await;
    let guest = person(&world, json!({"userType": "Guest"})).await;
    let claims = token(&world, &guest, json!({"acct": true}), &[]).await;
    assert_eq!((&claims["acct"], &claims["email"]), (&json!(1), &json!("ann@mail.example")));
    assert!(claims["idp"].as_str().unwrap().starts_with("https://sts.windows.net/"));
    let member = world.join("Bob Jones").await;
    let claims = token(&world, &member, json!({"acct": true}), &[]).await;
    assert_eq!((&claims["acct"], claims.get("idp")), (&json!(0), None));
}

#[tokio::test]
async fn directory_roles_are_told_as_template_ids() {
    let world = World::empty().await;
    let ann = person(&world, json!({})).await;
    grant_role(&world, &world.tenant.domain, &ann).await;
    assert_eq!(token(&world, &ann, json!({"wids": true}), &[]).await["wids"], json!([GLOBAL_ADMINISTRATOR]));
}

#[tokio::test]
async fn more_than_200_groups_are_told_by_a_pointer_alone() {
    let world = World::empty().await;
    let ann = person(&world, json!({})).await;
    let groups = |count: usize| -> Value {
        (0..count)
            .map(|number| json!({"action": "createGroup", "displayName": format!("Group {number}"), "members": [ann]}))
            .collect()
    };
    world.act(groups(200)).await;
    let claims = token(&world, &ann, json!({"groups": true}), &[]).await;
    assert_eq!(claims["groups"].as_array().unwrap().len(), 200);
    world.act(groups(1)).await;
    let claims = token(&world, &ann, json!({"groups": true}), &[]).await;
    assert!(claims.get("groups").is_none());
    assert_eq!(claims["_claim_names"]["groups"], "src1");
    assert!(claims["_claim_sources"]["src1"]["endpoint"].as_str().unwrap().contains(&ann));
}
