use super::*;

fn with<T>(pairs: &[(&str, &str)], read: impl Fn(&Variables<'_>) -> Result<T, ConfigError>) -> Result<T, ConfigError> {
    let look_up = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    read(&Variables(&look_up))
}

#[test]
fn a_missing_or_empty_variable_is_named() {
    for pairs in [&[][..], &[("TABLE_NAME", "")]] {
        let error = with(pairs, TableConfig::read).unwrap_err();
        assert_eq!(error.to_string(), "environment variable TABLE_NAME is missing");
    }
}

#[test]
fn a_malformed_variable_is_named_and_its_value_is_not_shown() {
    let error = with(&[("SYNC_QUEUE_URL", "canary-6d1f")], QueueConfig::read).unwrap_err();
    assert_eq!(error.to_string(), "environment variable SYNC_QUEUE_URL is malformed: it must be an http or https URL");
}

#[test]
fn the_cloud_gives_the_origins() {
    for (cloud, graph) in [
        ("global", "https://graph.microsoft.com/"),
        ("us-government-l4", "https://graph.microsoft.us/"),
        ("us-government-l5", "https://dod-graph.microsoft.us/"),
        ("china", "https://microsoftgraph.chinacloudapi.cn/"),
    ] {
        let config = with(&[("CLOUD", cloud), ("GRAPH_ORIGIN", ""), ("LOGIN_ORIGIN", "")], GraphConfig::read).unwrap();
        assert_eq!(config.origins.graph().as_str(), graph);
    }
    assert!(with(&[("CLOUD", "mars")], GraphConfig::read).is_err());
}

#[test]
fn origins_of_ones_own_come_in_pairs() {
    let pair = [("GRAPH_ORIGIN", "http://127.0.0.1:9"), ("LOGIN_ORIGIN", "http://127.0.0.1:8")];
    let config = with(&pair, GraphConfig::read).unwrap();
    assert_eq!(config.origins.login().as_str(), "http://127.0.0.1:8/");
    assert_eq!(with(&pair[..1], GraphConfig::read).unwrap_err(), ConfigError::missing("LOGIN_ORIGIN"));
    assert_eq!(with(&pair[1..], GraphConfig::read).unwrap_err(), ConfigError::missing("GRAPH_ORIGIN"));
}

#[test]
fn an_origin_must_be_https_unless_it_is_loopback() {
    let pair = [("GRAPH_ORIGIN", "http://graph.example"), ("LOGIN_ORIGIN", "https://login.example")];
    assert!(with(&pair, GraphConfig::read).is_err());
}

#[test]
fn a_channel_of_ones_own_is_an_origin_and_https_or_on_this_machine() {
    assert!(with(&[], ChannelConfig::read).unwrap().hosts.also.is_none());
    for origin in ["http://127.0.0.1:8123", "http://[::1]:8123", "http://localhost", "https://channel.example"] {
        assert!(with(&[("CHANNEL_ORIGIN", origin)], ChannelConfig::read).unwrap().hosts.also.is_some(), "{origin}");
    }
    for origin in ["http://channel.example", "https://channel.example/path", "https://a@channel.example", "x"] {
        assert!(with(&[("CHANNEL_ORIGIN", origin)], ChannelConfig::read).is_err(), "{origin}");
    }
}

#[test]
fn the_log_level_is_info_unless_said_otherwise() {
    assert_eq!(with(&[], LogConfig::read).unwrap().level, LevelFilter::INFO);
    assert_eq!(with(&[("LOG_LEVEL", "debug")], LogConfig::read).unwrap().level, LevelFilter::DEBUG);
    // At trace level libraries log credentials (RUSTSEC-2023-0125), so there is none.
    assert!(with(&[("LOG_LEVEL", "trace")], LogConfig::read).is_err());
}

#[test]
fn every_other_variable_is_read_under_its_name() {
    let pairs = [
        ("TABLE_NAME", "rollcall"),
        ("SYNC_QUEUE_URL", "http://127.0.0.1:4566/000000000000/sync.fifo"),
        ("SECRET_PREFIX", "rollcall/connection/"),
        ("CLIENT_STATE_KEY_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:key"),
        ("ADMIN_TOKEN_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:token"),
        ("PLATFORM_APPLICATION_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:application"),
        ("SIGN_IN_KEY_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:sign-in-key"),
        ("SIGNING_KEYS_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:signing-keys"),
        ("PUBLIC_URL", "https://sign-in.example.com"),
        ("LOGOUT_QUEUE_URL", "http://127.0.0.1:4566/000000000000/logout"),
        ("PLATFORM_ORIGIN", "http://127.0.0.1:8080"),
        ("MAIL_FROM", "rollcall@example.com"),
        ("WEBHOOK_URL", "https://api.example.com"),
    ];
    assert_eq!(with(&pairs, TableConfig::read).unwrap().name, "rollcall");
    assert_eq!(with(&pairs, QueueConfig::read).unwrap().url.path(), "/000000000000/sync.fifo");
    let secrets = with(&pairs, SecretsConfig::read).unwrap();
    assert_eq!(secrets.prefix, "rollcall/connection/");
    assert!(secrets.application_arn.ends_with(":application"));
    let sign_in = with(&pairs, SignInConfig::read).unwrap();
    assert!(sign_in.key_arn.ends_with(":sign-in-key"));
    assert_eq!(sign_in.issuer(), "https://sign-in.example.com");
    assert!(with(&pairs, SigningKeysConfig::read).unwrap().keys_arn.ends_with(":signing-keys"));
    let logout = with(&pairs, LogoutConfig::read).unwrap();
    assert_eq!(logout.queue_url.path(), "/000000000000/logout");
    assert_eq!(logout.also.and_then(|also| also.port()), Some(8080));
    assert!(with(&pairs, ClientStateConfig::read).unwrap().key_arn.ends_with(":key"));
    assert!(with(&pairs, AdminConfig::read).unwrap().token_arn.ends_with(":token"));
    assert_eq!(with(&pairs, MailConfig::read).unwrap().from, "rollcall@example.com");
    assert_eq!(with(&pairs, WebhookConfig::read).unwrap().base.host_str(), Some("api.example.com"));
    assert!(with(&[("MAIL_FROM", "a@b\r\nBcc: c@d")], MailConfig::read).is_err());
    assert!(with(&[("ADMIN_TOKEN_ARN", "canary")], AdminConfig::read).is_err());
}
