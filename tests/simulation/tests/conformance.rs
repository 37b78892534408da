//! The simulated services and the emulator do the same.

use std::collections::BTreeMap;

use local::emulator::Emulator;
use local::http::Http;
use local::layout::Layout;
use serde_json::Value as Json;
use simulation::aws::{Aws, Fair};
use simulation::conformance::{Call, cases, table};
use simulation::time::Clock;
use simulation::trace::Trace;

type Done = Result<(), Box<dyn std::error::Error + Send + Sync>>;

#[tokio::test(start_paused = true)]
async fn the_simulated_services_do_what_they_must() -> Done {
    let clock = Clock::begin();
    let aws = Aws::new(clock.clone(), Trace::new(clock, false), Box::new(Fair));
    let mut quarrels = Vec::new();
    let ask = |call: &Call| {
        let (status, body) = aws.exchange(&call.target, &call.request);
        call.answer.quarrel(status, &body)
    };
    assert_eq!(ask(&table()), None);
    for case in cases() {
        for (number, call) in case.calls.iter().enumerate() {
            quarrels.extend(ask(call).map(|quarrel| format!("{}, call {number}: {quarrel}", case.name)));
        }
    }
    assert_eq!(quarrels, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn the_emulator_does_the_same() -> Done {
    let layout = Layout::new(&format!("conformance-{}", std::process::id()))?;
    local::tools::install(&layout).await?;
    let emulator = Emulator::start(&layout, &BTreeMap::new()).await?;
    let http = Http::default();
    let url = emulator.aws().url().to_owned();
    assert_eq!(ask(&http, &url, &table()).await?, None);
    let mut quarrels = Vec::new();
    for case in cases().iter().filter(|case| case.not_emulated.is_none()) {
        for (number, call) in case.calls.iter().enumerate() {
            let quarrel = ask(&http, &url, call).await?;
            quarrels.extend(quarrel.map(|quarrel| format!("{}, call {number}: {quarrel}", case.name)));
        }
    }
    assert_eq!(quarrels, Vec::<String>::new());
    Ok(())
}

async fn ask(http: &Http, url: &str, call: &Call) -> Result<Option<String>, local::error::Error> {
    let service = if call.target.starts_with("DynamoDB") { "dynamodb" } else { "secretsmanager" };
    let credential = format!("test/20300101/{}/{service}/aws4_request", local::emulator::REGION);
    let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
    let headers = [
        ("x-amz-target", call.target.as_str()),
        ("content-type", "application/x-amz-json-1.0"),
        ("authorization", authorization.as_str()),
    ];
    let answer = http.send(http::Method::POST, url, &headers, call.request.to_string().into()).await?;
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    Ok(call.answer.quarrel(answer.status.as_u16(), &body))
}
