use super::*;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let bytes: Vec<u8> =
        digits.chunks(2).map(|d| u8::from_str_radix(core::str::from_utf8(d).unwrap(), 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

const SHA256_HLAK: &str = "2A1BB40D55AB0F5EF32F06F2B3CC73C4 8FD3FAC41D7A1315A19228D9024CA164";
const SHA256_NONCE: &str = "412B489AEBD7ECC7D08966F26BE7CD72 B231A0E9210D7C91B308862B0344C435";
const SHA256_CERT: &str = "7993EF314C493DACE9F02D60E7E61C84 B6690AAFE9D7AEEA92CBBE8AD599422D";
const SHA256_MAC: &str = "52A68EFD8CFFBF52770B8F0FE8EC7371 6583AF6D611EB6D179B3B20840985449";

const SHA1_HLAK: &str = "4B3128F43925D9006EEFB1C4E86515A1 D88E56BAB3CA2BDF0373B7F5A8A13B19";
const SHA1_NONCE: &str = "0F1A2D58D4A3E3000FAD3CE4906E07B7 07AA9E441CCEAC5CBD7B2CC1C9D86CDF";
const SHA1_CERT: &str = "5826B629BDA59B8E6FD8DCD2622FD34C 534805A5";
const SHA1_MAC: &str = "69915DD583D8062FEF16F61DB2F03290 EC27CB6C";

fn keys(hlak: &str) -> SessionKeys {
    let bytes = hex::<32>(hlak);
    SessionKeys { master_send: bytes[..16].to_vec(), master_receive: bytes[16..].to_vec() }
}

fn leaf() -> Leaf {
    Leaf { sha1: hex(SHA1_CERT), sha256: hex(SHA256_CERT) }
}

/// [MS-SSTP] 4.7: the example of SHA-256.
#[test]
fn the_sha256_example_of_the_specification() {
    let request = BindingRequest { hashes: HashProtocols::SHA256, nonce: hex(SHA256_NONCE) };
    let hlak = Hlak::of_client(&keys(SHA256_HLAK));
    let binding = prove(HashProtocols::SHA256, &request, &leaf(), &hlak);
    assert_eq!(binding.mac, hex(SHA256_MAC));
    assert_eq!(verify(&binding, &request, &leaf(), &hlak), Ok(()));
}

/// [MS-SSTP] 4.7: the example of SHA-1.
#[test]
fn the_sha1_example_of_the_specification() {
    let request = BindingRequest { hashes: HashProtocols::SHA1, nonce: hex(SHA1_NONCE) };
    let hlak = Hlak::of_client(&keys(SHA1_HLAK));
    let binding = prove(HashProtocols::SHA1, &request, &leaf(), &hlak);
    assert_eq!(binding.mac, padded(&hex::<20>(SHA1_MAC)));
    assert_eq!(binding.cert_hash, padded(&hex::<20>(SHA1_CERT)));
    assert_eq!(verify(&binding, &request, &leaf(), &hlak), Ok(()));
}

/// Made by Python's hmac and hashlib, which share nothing with us (`tests/vectors.py`).
#[test]
fn the_zero_key_agrees_with_another_implementation() {
    let none = SessionKeys { master_send: Vec::new(), master_receive: Vec::new() };
    let nonce = core::array::from_fn(|i| i as u8);
    let both = BindingRequest { hashes: HashProtocols(0x03), nonce };
    let leaf = Leaf { sha1: [0xa1; 20], sha256: [0xb2; 32] };
    let mac = |hash| prove(hash, &both, &leaf, &Hlak::of_client(&none)).mac;
    assert_eq!(mac(HashProtocols::SHA256), hex(ZERO_SHA256));
    assert_eq!(mac(HashProtocols::SHA1), padded(&hex::<20>(ZERO_SHA1)));
}

const ZERO_SHA256: &str = "1a57bcf9d57b9fdc344d5425f5eca8bf82cdd860524459af5d68bfc2bd311c76";
const ZERO_SHA1: &str = "da2bc33503948e3566ecf00ec7e5a338fc86a6af";

#[test]
fn the_server_turns_its_own_keys_around() {
    let client = keys(SHA256_HLAK);
    let server = SessionKeys { master_send: client.master_receive.clone(), master_receive: client.master_send.clone() };
    assert_eq!(Hlak::of_client(&client).0, Hlak::of_server(&server).0);
    let long = SessionKeys { master_send: vec![1; 64], master_receive: vec![2; 64] };
    assert_eq!(Hlak::of_client(&long).0, [1; 32]);
    let short = SessionKeys { master_send: vec![1; 2], master_receive: vec![2; 2] };
    assert_eq!(Hlak::of_client(&short).0[..5], [1, 1, 2, 2, 0]);
}

#[test]
fn each_flaw_is_found() {
    let request = BindingRequest { hashes: HashProtocols::SHA256, nonce: hex(SHA256_NONCE) };
    let hlak = Hlak::of_client(&keys(SHA256_HLAK));
    let good = prove(HashProtocols::SHA256, &request, &leaf(), &hlak);
    let check = |binding| verify(&binding, &request, &leaf(), &hlak);
    for hash in [0x00, 0x01, 0x03, 0x04, 0x06] {
        assert_eq!(check(Binding { hash: HashProtocols(hash), ..good }), Err(Flaw::Hash));
    }
    let flipped = |mut bytes: [u8; 32]| {
        bytes[31] ^= 1;
        bytes
    };
    assert_eq!(check(Binding { nonce: flipped(good.nonce), ..good }), Err(Flaw::Nonce));
    assert_eq!(check(Binding { cert_hash: flipped(good.cert_hash), ..good }), Err(Flaw::Certificate));
    assert_eq!(check(Binding { mac: flipped(good.mac), ..good }), Err(Flaw::Mac));
    let other = Hlak::of_client(&keys(SHA1_HLAK));
    assert_eq!(verify(&good, &request, &leaf(), &other), Err(Flaw::Mac));
}
