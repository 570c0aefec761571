//! What only one engine can get wrong: the address of a server that is not there, TLS that it does not speak, a folder
//! that cannot be made, a file that is no database.

use crate::bed::{Bed, MIGRATIONS};
use campanile::store::db::{DatabaseUrl, Db, DbError};

async fn refusal(address: &str) -> DbError {
    let url: DatabaseUrl = address.parse().expect("the address itself is fine");
    Db::open(&url, MIGRATIONS).await.expect_err("it must not open")
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    // Bound and dropped: nothing listens on this port now.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = refusal(&format!("postgres://bell:s3cret@127.0.0.1:{port}/campanile")).await;
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password() {
    let bed = Bed::postgres().await;
    let mut address = url::Url::parse(&bed.address()).unwrap();
    address.set_password(Some("s3cret")).unwrap();
    let error = refusal(address.as_str()).await;
    assert!(
        error.to_string().contains("password authentication failed"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn tls_that_the_server_does_not_speak() {
    let bed = Bed::postgres().await;
    let error = refusal(&format!("{}&sslmode=require", bed.address())).await;
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = refusal(&file.path().join("data").display().to_string()).await;
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("cannot make"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("core.db"),
        "This is a note and not a database. ".repeat(400),
    )
    .unwrap();
    let error = refusal(&folder.path().display().to_string()).await;
    assert!(matches!(error, DbError::Corrupt(_)), "{error}");
}
