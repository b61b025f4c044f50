//! Which methods an entry allows, and what those of EAP need.

use super::{NO_AUTH_PROTOCOL_AVAILABLE, NotDialable, REVOCATION, ReadFiles};
use crate::Properties;
use crate::eap_data::{self, EapData, host_of};
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
            eap_data::EAP_MD5 => Ok(AuthMethod::EapMd5),
            eap_data::EAP_TLS => Ok(AuthMethod::EapTls),
            21 => Ok(AuthMethod::TtlsMsChapV2),
            eap_data::PEAP => self.method_inside_peap(),
            eap_data::EAP_MSCHAPV2 => Ok(AuthMethod::EapMsChapV2),
            other => {
                let problem = "is no type of EAP that there is";
                let error = NotDialable::new(NO_AUTH_PROTOCOL_AVAILABLE, "CustomAuthKey", other, problem);
                Err(error.advice("set 13 for EAP-TLS, 25 for PEAP, 26 for EAP-MSCHAPv2, or RasmanEapMethod"))
            }
        }
    }

    fn method_inside_peap(&self) -> Result<AuthMethod, NotDialable> {
        match self.eap_data().ok().and_then(|data| data.inner) {
            None | Some(eap_data::EAP_MSCHAPV2) => Ok(AuthMethod::PeapMsChapV2),
            Some(other) => {
                let problem = format!("has EAP's type {other} inside PEAP, and only EAP-MSCHAPv2 is known there");
                let error = NotDialable::new(NO_AUTH_PROTOCOL_AVAILABLE, eap_data::KEY, "...", problem);
                Err(error.advice("name another method by RasmanEapMethod, such as eap-tls, if the server has it"))
            }
        }
    }

    /// Reads what Windows keeps for the method.
    ///
    /// # Errors
    /// Why it says nothing, as the rest of a sentence.
    pub(crate) fn eap_data(&self) -> Result<EapData, String> {
        match &self.custom_auth_data.0[..] {
            [] => Ok(EapData::default()),
            octets => EapData::read(octets, self.custom_auth_key),
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
        let data = self.windows_eap_data(methods)?;
        Ok(EapSettings {
            trust: self.eap_trust(files)?,
            server_names: self.eap_names(&data)?,
            root_sha1: if self.has_own_eap_trust() { Vec::new() } else { data.roots },
            require_crypto_binding: self.eap_crypto_binding || data.crypto_binding,
            outer_identity: match self.eap_identity.trim() {
                // Privacy without a name: Windows' own word for nobody, as an empty one is the user's here.
                "" => data.identity.map_or_else(String::new, |name| if name.is_empty() { NOBODY.into() } else { name }),
                own => own.to_owned(),
            },
            certificate: self.eap_user(methods, files)?,
        })
    }

    /// Gives what Windows keeps for one of the methods.
    fn windows_eap_data(&self, methods: &[AuthMethod]) -> Result<EapData, NotDialable> {
        if !self.method_of_custom_auth_key().is_ok_and(|method| methods.contains(&method)) {
            return Ok(EapData::default());
        }
        let says_itself = self.has_own_eap_trust() || !self.own_eap_names().is_empty();
        match self.eap_data() {
            Ok(data) if !data.trusts_anybody => Ok(data),
            Ok(data) if says_itself => Ok(EapData { server_names: Vec::new(), roots: Vec::new(), ..data }),
            Ok(_) => {
                let problem = "takes any server, and no password is given to just anybody here";
                Err(NotDialable::new(Code::EAP_SERVER_CERT_INVALID, eap_data::KEY, "...", problem).advice(TRUST_ADVICE))
            }
            Err(_) if says_itself => Ok(EapData::default()),
            Err(why) => Err(NotDialable::new(Code::INVALID_PARAMETER, eap_data::KEY, "...", why).advice(TRUST_ADVICE)),
        }
    }

    /// Tells whether the entry says by keys of ours who signs for EAP's server.
    fn has_own_eap_trust(&self) -> bool {
        !self.eap_pin.trim().is_empty() || !self.eap_ca.is_empty()
    }

    fn own_eap_names(&self) -> Vec<String> {
        let names = self.eap_server_names.iter().flat_map(|names| names.split(',')).map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    fn eap_names(&self, data: &EapData) -> Result<Vec<String>, NotDialable> {
        let own = self.own_eap_names();
        if !own.is_empty() {
            return Ok(own);
        }
        let name = |pattern: &String| {
            host_of(pattern).ok_or_else(|| {
                let problem = "names the server by a regular expression, of which only .*\\. at the begin is known";
                let error = NotDialable::new(Code::INVALID_PARAMETER, eap_data::KEY, pattern, problem);
                error.advice("name it by RasmanEapServerName, and its authority by RasmanEapCa")
            })
        };
        data.server_names.iter().map(name).collect()
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
        let revocation = self.one_of("RasmanEapRevocation", &self.eap_revocation, &REVOCATION)?.unwrap_or_default();
        let mut trust = Trust { system_roots: self.eap_ca.is_empty(), revocation, ..Trust::default() };
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

const TRUST_ADVICE: &str = "name the authority and the server by RasmanEapCa and RasmanEapServerName";
/// Who dials, where the user's name is not told.
const NOBODY: &str = "anonymous";

/// The most files of authorities that are read.
const CA_MAX: usize = 64;
