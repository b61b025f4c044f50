//! Which methods an entry allows, and what those of EAP need.

use super::{NO_AUTH_PROTOCOL_AVAILABLE, NotDialable, ReadFiles};
use crate::Properties;
use crate::setting::AuthRestrictions;
use rasman_core::{AuthMethod, ClientCertificate, Code, EapSettings, Secret, Trust};

impl Properties {
    /// Gives the methods that the entry allows and we have, the strongest first; 0 restricts to MS-CHAPv2.
    ///
    /// The bits are the user's consent: without bit 8 no password goes out by PAP.
    pub(super) fn authentication(&self) -> Result<Vec<AuthMethod>, NotDialable> {
        let allowed = self.auth_restrictions;
        let mut methods = Vec::new();
        if allowed.contains(AuthRestrictions::EAP) {
            methods = self.eap_methods()?;
        }
        if allowed.0 == 0 || allowed.contains(AuthRestrictions::MS_CHAP_V2) {
            methods.push(AuthMethod::MsChapV2);
        }
        if allowed.contains(AuthRestrictions::CHAP) {
            methods.push(AuthMethod::Chap);
        }
        if allowed.contains(AuthRestrictions::PAP) {
            methods.push(AuthMethod::Pap);
        }
        if methods.is_empty() {
            let problem = "allows none of the methods that there are";
            let error = NotDialable::new(NO_AUTH_PROTOCOL_AVAILABLE, "AuthRestrictions", allowed.0, problem);
            return Err(error.advice("add 512 for MS-CHAPv2, or 128 for EAP"));
        }
        Ok(methods)
    }

    /// `RasmanEapMethod` names them one by one; without it, `CustomAuthKey` has the number of one.
    fn eap_methods(&self) -> Result<Vec<AuthMethod>, NotDialable> {
        let words = self.eap_methods.iter().flat_map(|words| words.split(',')).map(str::trim);
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Ok(vec![self.method_of_custom_auth_key()?]);
        }
        let mut methods = Vec::new();
        for word in words {
            let method = AuthMethod::from_word(word).filter(|method| method.is_eap()).ok_or_else(|| {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanEapMethod", word, "is no method of EAP");
                error.advice(format!("name some of {}", eap_words()))
            })?;
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        Ok(methods)
    }

    fn method_of_custom_auth_key(&self) -> Result<AuthMethod, NotDialable> {
        match self.custom_auth_key {
            4 => Ok(AuthMethod::EapMd5),
            13 => Ok(AuthMethod::EapTls),
            21 => Ok(AuthMethod::TtlsMsChapV2),
            25 => Ok(AuthMethod::PeapMsChapV2),
            26 => Ok(AuthMethod::EapMsChapV2),
            other => {
                let problem = "is no type of EAP that there is";
                let error = NotDialable::new(NO_AUTH_PROTOCOL_AVAILABLE, "CustomAuthKey", other, problem);
                Err(error.advice("set 13 for EAP-TLS, 25 for PEAP, 26 for EAP-MSCHAPv2, or RasmanEapMethod"))
            }
        }
    }

    /// Gives what the methods of EAP need. What they do not need is not read.
    pub(super) fn eap_settings(
        &self,
        methods: &[AuthMethod],
        files: &mut impl ReadFiles,
    ) -> Result<EapSettings, NotDialable> {
        if !methods.iter().any(|method| method.has_tls()) {
            return Ok(EapSettings::default());
        }
        let names = self.eap_server_names.iter().flat_map(|names| names.split(',')).map(str::trim);
        Ok(EapSettings {
            trust: self.eap_trust(files)?,
            server_names: names.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            outer_identity: self.eap_identity.trim().to_owned(),
            certificate: self.eap_user(methods, files)?,
        })
    }

    fn eap_trust(&self, files: &mut impl ReadFiles) -> Result<Trust, NotDialable> {
        let pin = self.eap_pin.trim();
        if !pin.is_empty() {
            let digest = rasman_core::hex::decode_array(pin.replace(':', ""));
            let Some(digest) = digest else {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanEapPin", pin, "is no SHA-256 digest");
                return Err(error.advice("give 64 hexadecimal digits, or remove the line"));
            };
            return Ok(Trust { pinned_leaf_sha256: Some(digest), ..Trust::default() });
        }
        let mut trust = Trust { system_roots: self.eap_ca.is_empty(), ..Trust::default() };
        for path in self.eap_ca.iter().take(CA_MAX) {
            let certificates = files.certificates(path).map_err(|problem| {
                NotDialable::new(Code::EAP_SERVER_ROOT_CERT_NOT_FOUND, "RasmanEapCa", path, problem)
            })?;
            trust.added_roots.extend(certificates);
        }
        Ok(trust)
    }

    fn eap_user(
        &self,
        methods: &[AuthMethod],
        files: &mut impl ReadFiles,
    ) -> Result<Option<ClientCertificate>, NotDialable> {
        let (path, key) = (self.eap_certificate.trim(), self.eap_key.trim());
        if path.is_empty() || !methods.contains(&AuthMethod::EapTls) {
            return Ok(None);
        }
        let unusable = |key, path, problem| NotDialable::new(Code::NO_EAPTLS_CERTIFICATE, key, path, problem);
        let file = files.whole(path).map_err(|problem| unusable("RasmanEapCertificate", path, problem))?;
        let key = match key {
            "" => Secret::default(),
            key => Secret::new(files.whole(key).map_err(|problem| unusable("RasmanEapKey", key, problem))?),
        };
        Ok(Some(ClientCertificate { file, key, password: Secret::default() }))
    }
}

/// The words for the methods of EAP.
fn eap_words() -> String {
    let words: Vec<&str> =
        AuthMethod::ALL.iter().filter(|method| method.is_eap()).map(|method| method.word()).collect();
    words.join(", ")
}

/// The most files of authorities that are read.
const CA_MAX: usize = 64;
