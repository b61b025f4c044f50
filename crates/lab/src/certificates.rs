//! The lab's own authority, and the certificates that it shows.

use crate::config::DEFAULT_USER;
use crate::facts::hex;
use crate::faults::CertificateFault;
use rasman_net::tls::Acceptor;
use rasman_net::tls::eap::EapAcceptor;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use std::io;
use std::sync::Arc;

/// The certificates of one lab, all made when it starts.
pub(crate) struct Certificates {
    pub(crate) ca_pem: String,
    pub(crate) ca_der: Vec<u8>,
    /// A certificate of `alice` with its key, for EAP-TLS.
    pub(crate) user_pem: String,
    good: Shown,
    expired: Shown,
    other_name: Shown,
    unknown_ca: Shown,
    self_signed: Shown,
}

/// What is shown by SSTP's TLS, and, another certificate with the same fault, by that inside EAP.
struct Shown {
    tls: Acceptor,
    /// It lets users of the lab's authority in.
    eap: Arc<EapAcceptor>,
}

impl Certificates {
    /// Makes an authority and certificates for the loopback interface and `name`.
    ///
    /// # Errors
    /// `name` cannot stand in a certificate, or the system refused a key.
    pub(crate) fn make(name: &str, tls12_only: bool) -> io::Result<Self> {
        make(name, tls12_only).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    pub(crate) fn acceptor(&self, fault: Option<CertificateFault>) -> &Acceptor {
        &self.shown(fault).tls
    }

    pub(crate) fn eap(&self, fault: Option<CertificateFault>) -> Arc<EapAcceptor> {
        Arc::clone(&self.shown(fault).eap)
    }

    fn shown(&self, fault: Option<CertificateFault>) -> &Shown {
        match fault {
            None => &self.good,
            Some(CertificateFault::Expired) => &self.expired,
            Some(CertificateFault::OtherName) => &self.other_name,
            Some(CertificateFault::UnknownCa) => &self.unknown_ca,
            Some(CertificateFault::SelfSigned) => &self.self_signed,
        }
    }
}

type Made<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn make(name: &str, tls12_only: bool) -> Made<Certificates> {
    let names = [name, "localhost", "127.0.0.1", "::1"];
    let (known, unknown) = (authority("rasman lab authority")?, authority("an authority that nobody told you of")?);
    let users = [known.der().to_vec()];
    let shown = |by: Option<&Authority>, params: &CertificateParams| -> Made<Shown> {
        let ((chain, key), (eap_chain, eap_key)) = (issued(by, params)?, issued(by, params)?);
        let tls = if tls12_only { Acceptor::tls12_only(chain, key)? } else { Acceptor::new(chain, key)? };
        Ok(Shown { tls, eap: Arc::new(EapAcceptor::new(&eap_chain, &eap_key, &users, tls12_only)?) })
    };
    let user_key = KeyPair::generate()?;
    let user = user()?.signed_by(&user_key, &known)?;
    let good = server(name, &names)?;
    let mut expired = good.clone();
    expired.not_before = rcgen::date_time_ymd(2019, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2020, 1, 1);
    Ok(Certificates {
        ca_pem: known.pem(),
        ca_der: known.der().to_vec(),
        user_pem: user.pem() + &user_key.serialize_pem(),
        good: shown(Some(&known), &good)?,
        expired: shown(Some(&known), &expired)?,
        other_name: shown(Some(&known), &server("other.lab.test", &["other.lab.test"])?)?,
        unknown_ca: shown(Some(&unknown), &good)?,
        self_signed: shown(None, &good)?,
    })
}

/// A chain of one certificate and its key, in DER form; signed by itself without an authority.
fn issued(by: Option<&Authority>, params: &CertificateParams) -> Result<(Vec<Vec<u8>>, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let leaf = match by {
        Some(authority) => params.signed_by(&key, authority)?,
        None => params.self_signed(&key)?,
    };
    Ok((vec![leaf.der().to_vec()], key.serialize_der()))
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Result<Authority, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    // Two labs have two names, so that a client which trusts one never mistakes the other's key for a broken one.
    let number = key.public_key_raw().iter().rev().take(4).copied().collect::<Vec<u8>>();
    params.distinguished_name.push(DnType::CommonName, format!("{name} {}", hex::encode(&number)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    last(&mut params);
    CertifiedIssuer::self_signed(params, key)
}

/// `names` may hold addresses.
fn server(name: &str, names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ServerAuth);
    params.use_authority_key_identifier_extension = true;
    last(&mut params);
    Ok(params)
}

fn user() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, DEFAULT_USER);
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.insert_extended_key_usage(ExtendedKeyUsagePurpose::ClientAuth);
    params.use_authority_key_identifier_extension = true;
    last(&mut params);
    Ok(params)
}

/// RFC 5280 4.1.2.5 knows no certificate without an end; nobody keeps a lab that long.
fn last(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2099, 1, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_is_another_and_every_lab_has_its_own() {
        let (one, two) = (Certificates::make("vpn.lab.test", false).unwrap(), Certificates::make("x", true).unwrap());
        assert_ne!(one.ca_der, two.ca_der);
        let all = [
            None,
            Some(CertificateFault::Expired),
            Some(CertificateFault::OtherName),
            Some(CertificateFault::UnknownCa),
            Some(CertificateFault::SelfSigned),
        ];
        let mut leaves = all.map(|fault| one.acceptor(fault).leaf().sha256);
        leaves.sort_unstable();
        assert!(leaves.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
