use super::*;

/// Gives the whole answer to a request.
fn ask(request: &[u8]) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let web = Web::new(built_in_page("vpn.lab.test"), 4 << 20, Vec::new());
        let (mut client, mut server) = tokio::io::duplex(1 << 16);
        let serve = async {
            let _ = super::serve(&mut server, &web).await;
            drop(server);
        };
        let ask = async {
            client.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::join!(serve, ask).1
    })
}

#[test]
fn the_page_is_html_and_names_the_lab() {
    let answer = ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{answer}");
    assert!(answer.contains("vpn.lab.test") && answer.contains("<title>") && !answer.contains("{name}"));
}

#[test]
fn bulk_bodies_have_their_digest_in_the_header() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let web = Web::new(String::new(), u64::MAX, Vec::new());
    let body: Vec<u8> = bulk::at(0).iter().chain(bulk::at(0)).take(bulk::PERIOD + 1000).copied().collect();
    let digest = runtime.block_on(web.digest(body.len() as u64));
    assert_eq!(digest, <[u8; 32]>::from(Sha256::digest(&body)));
    let answer = ask(b"GET /bulk/3 HTTP/1.1\r\n\r\n");
    assert!(answer.contains(&format!("X-Sha256: {}\r\n", hex::encode(&Sha256::digest(&bulk::at(0)[..3])))), "{answer}");
    assert!(answer.contains("Content-Length: 3\r\n"));
}

#[test]
fn a_body_is_counted_and_hashed() {
    let answer = ask(b"POST /sink HTTP/1.1\r\ncontent-length: 5\r\nExpect: 100-continue\r\n\r\nhello");
    let digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{{\"sha256\":\"{digest}\",\"length\":5}}\n")), "{answer}");
}

#[test]
fn what_is_not_there_and_what_is_wrong() {
    for (request, status) in [
        ("GET /nothing HTTP/1.1\r\n\r\n", "404"),
        ("GET /bulk/x HTTP/1.1\r\n\r\n", "400"),
        ("GET /bulk/99999999999 HTTP/1.1\r\n\r\n", "400"),
        ("PUT / HTTP/1.1\r\n\r\n", "405"),
        ("POST /sink HTTP/1.1\r\n\r\n", "411"),
        ("POST /sink HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
        ("POST /sink HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        ("\x01\x02\r\n\r\n", "400"),
    ] {
        let answer = ask(request.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    let endless = [b"GET / HTTP/1.1\r\n".as_slice(), &b"x: y\r\n".repeat(2_000)].concat();
    assert!(ask(&endless).starts_with("HTTP/1.1 400 "));
}
