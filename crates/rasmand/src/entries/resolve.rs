//! From what a client dials to what a session needs.

use super::stored::is_asterisks;
use super::{Caller, Entries, Found, Origin, Source, key, shown};
use crate::ras_devices;
use crate::reserved::Reservation;
use crate::secrets::{Kind, Place as SecretPlace, Quick, Whose};
use rasman::{Dial, EntryRef, Error, Target};
use rasman_core::{
    Callback, Cause, Code, Credentials, DataPath, Entry, LayerName, LineDevice, Medium, Secret, SerialPort,
    SerialSettings, TunSettings,
};
use rasman_phonebook::store::Place;
use rasman_phonebook::{CallbackMode, fold_name};
use std::sync::Arc;

/// A dial of which everything is known but, perhaps, the password.
pub(crate) struct Resolved {
    /// As it is dialled.
    pub(crate) entry: Arc<Entry>,
    /// But for what the dial alone says of callbacks, modems and certificates: by this it is known once it is connected.
    pub(crate) known: Arc<Entry>,
    /// The dial may pause for questions.
    pub(crate) paused_states: bool,
    /// Names the entry's connection in the table.
    pub(crate) key: String,
    pub(crate) source: Source,
    /// The number that replaces the entry's; empty for none.
    pub(crate) number: String,
    pub(crate) credentials: Credentials,
    /// A person or a program gave the credentials with the dial.
    pub(crate) given: bool,
    /// The password is still to be asked for.
    pub(crate) slow: Option<Slow>,
    /// Where its credentials are stored; nothing for settings.
    pub(crate) login: Option<SecretPlace>,
    /// Where the credentials go once they have led to a connection.
    pub(crate) remember: Option<SecretPlace>,
    pub(crate) promotion: Option<Promotion>,
    /// The port that was chosen for a dial without an entry.
    pub(crate) reservation: Option<Reservation>,
}

/// A dial that was resolved, or that takes a look at files.
pub(crate) enum AtOnce {
    Resolved(Box<Resolved>),
    NeedsFiles(Box<Dial>),
}

/// A password that takes its time.
pub(crate) struct Slow {
    place: SecretPlace,
}

/// Where an alternate number that connected is to be put first.
#[derive(Clone)]
pub(crate) struct Promotion {
    caller: Caller,
    place: Place,
    name: String,
    /// The numbers as they are dialled.
    numbers: Vec<String>,
}

/// Tells whether a dial spends what only the manager has: calls on a line that somebody pays for, or the proof by a
/// certificate whose key the caller cannot read. Then the number that an administrator wrote is part of what is allowed.
fn spends_machines(entry: &Entry) -> bool {
    has_line(entry) || entry.eap.certificate.is_some()
}

/// Tells whether an entry dials over a serial line: a port that only the manager may open, and a call that somebody pays for.
fn has_line(entry: &Entry) -> bool {
    entry.media().any(|medium| matches!(medium, Medium::Serial(_)))
}

impl Entries {
    /// The same as [`Entries::resolve`] without looking at files, if that can be done.
    pub(crate) fn resolve_at_once(&self, caller: Caller, dial: Dial) -> Result<AtOnce, Error> {
        let needs_files = match &dial.target {
            Target::Entry(_) => false,
            // What is stored for a program's entry is in files, too.
            Target::Name(_) if leaves_open(&dial.credentials) && !self.secrets.is_empty() => true,
            Target::Name(_) if dial.phonebook.is_some() => true,
            // The ports are looked for in the system's files.
            Target::Name(name) => name.is_empty() || self.places.is_some() && !self.is_programs(name),
        };
        if needs_files {
            return Ok(AtOnce::NeedsFiles(Box::new(dial)));
        }
        self.resolve(caller, dial).map(Box::new).map(AtOnce::Resolved)
    }

    fn is_programs(&self, name: &str) -> bool {
        self.program.contains_key(&fold_name(name))
    }

    /// Finds what is to be dialled, and who dials.
    pub(crate) fn resolve(&self, caller: Caller, mut dial: Dial) -> Result<Resolved, Error> {
        let data_path = dial.data_path.take();
        let eap_user_data = std::mem::take(&mut dial.eap_user_data);
        let (keeps_prefix, speaker, paused_states) = (dial.prefix_and_suffix, dial.speaker, dial.paused_states);
        let custom_scripting = dial.custom_scripting;
        let replaced = data_path.is_some() || !dial.number.is_empty();
        let replaces_number = !dial.number.is_empty();
        let callback = callback_of(&dial)?;
        let mut resolved = self.resolve_target(caller, dial)?;
        if replaces_number
            && resolved.source.all_users
            && !caller.may_change_machine
            && spends_machines(&resolved.entry)
        {
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                .did("was given another number for an entry of all users, whose line or certificate is the machine's")
                .advice("dial the entry as it stands, or let an administrator of this manager change it");
            return Err(cause.into());
        }
        if let Some(data_path) = data_path {
            let entry = Arc::make_mut(&mut resolved.entry);
            entry.data_path = data_path;
            // Its name may be one that only the list has (clause B11), so the doors alone are checked.
            entry.data_path.validate()?;
        }
        let is_administrators = resolved.source.all_users && !replaced;
        if matches!(resolved.entry.data_path, DataPath::Tun(_)) && !caller.may_change_machine && !is_administrators {
            // Whoever chooses device and server would have the traffic of every user of this machine.
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                .did("was asked for a network device, which is everybody's, by a user who is no administrator")
                .advice("join the group of administrators of this manager, dial an entry of all users as it stands, or dial with doors");
            return Err(cause.into());
        }
        resolved.paused_states = paused_states;
        resolved.known = Arc::clone(&resolved.entry);
        self.open_certificate(&mut resolved, eap_user_data)?;
        if let Some(callback) = callback {
            Arc::make_mut(&mut resolved.entry).callback = callback;
        }
        set_modems(&mut resolved.entry, keeps_prefix, speaker);
        let may_take_over = caller.may_change_machine || !resolved.source.all_users;
        set_logins(&mut resolved.entry, custom_scripting, may_take_over);
        if !may_take_over && gives_line_away(&resolved.entry) {
            let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                .did("was asked to give the line of an entry of all users to a user who is no administrator")
                .advice("dial by your own manager, or have an administrator take terminal and custom script out of the entry");
            return Err(cause.into());
        }
        Ok(resolved)
    }

    /// Gives the user's certificate the password of its file, which is what a method of EAP has for the user here: this, or
    /// what is stored (clauses A60, K9). The entry's own counts where there is neither.
    fn open_certificate(&self, resolved: &mut Resolved, given: Secret) -> Result<(), Error> {
        if resolved.entry.eap.certificate.is_none() {
            return Ok(());
        }
        let stored = |place| match self.secrets.get_quick(place, Kind::EapUserData)? {
            Quick::Found(data) => Ok::<_, Error>(data),
            Quick::None | Quick::AskSlow => Ok(Secret::default()),
        };
        let data = match &resolved.login {
            Some(place) if given.is_empty() => stored(place)?,
            _ => given,
        };
        if let Some(certificate) = &mut Arc::make_mut(&mut resolved.entry).eap.certificate
            && !data.is_empty()
        {
            certificate.password = data;
        }
        Ok(())
    }

    fn resolve_target(&self, caller: Caller, dial: Dial) -> Result<Resolved, Error> {
        match dial.target {
            Target::Entry(entry) if has_line(&entry) && !caller.may_change_machine => {
                let cause = Cause::new(Code::ACCESS_DENIED, LayerName::Manager)
                    .did("was given settings that dial over a serial line, which is the machine's")
                    .advice("dial by your own manager, or have an administrator make an entry of all users");
                Err(cause.into())
            }
            Target::Entry(entry) => inline(*entry, dial.number, dial.credentials),
            Target::Name(name) if name.is_empty() => {
                self.without_entry(caller, dial.number, &dial.device, dial.credentials)
            }
            Target::Name(name) => {
                let found = self.find(caller, &EntryRef { phonebook: dial.phonebook, name })?;
                self.resolve_found(caller, &found, dial.number, dial.credentials, dial.remember)
            }
        }
    }

    /// Dials a number by the modem that is named, or the first free one, and all other settings as they are by default
    /// (clause A11).
    fn without_entry(
        &self,
        caller: Caller,
        number: String,
        device: &str,
        credentials: Credentials,
    ) -> Result<Resolved, Error> {
        let refused =
            |code, did, advice: &str| Err(Cause::new(code, LayerName::Settings).did(did).advice(advice).into());
        if number.is_empty() {
            return refused(Code::BAD_PHONE_NUMBER, "looked for the number of a dial without an entry", "give one");
        }
        if !caller.may_change_machine {
            let advice = "dial by your own manager, or have an administrator make an entry of all users";
            return refused(Code::ACCESS_DENIED, "was asked to call a number on a line of the machine's", advice);
        }
        let ports = ras_devices::ports(self.modems.as_deref());
        let (modem, reservation) = match device {
            "" => {
                let (modem, reservation) = ras_devices::first_free_modem(&ports, &self.reserved)?;
                (modem, Some(reservation))
            }
            device => {
                let modem = ras_devices::modem_named(device, &ports)?;
                // Whoever has it already is told by the port itself.
                let reservation = match &modem.port {
                    SerialPort::Device(path) => self.reserved.reserve(path.as_ref()),
                    _ => None,
                };
                (modem, reservation)
            }
        };
        let mut entry = Entry::sstp("", "");
        entry.medium = Medium::Serial(modem);
        if self.prefer_device {
            entry.data_path = DataPath::Tun(TunSettings::default());
        }
        Ok(Resolved { reservation, ..inline(entry, number, credentials)? })
    }

    fn resolve_found(
        &self,
        caller: Caller,
        found: &Found,
        number: String,
        credentials: Credentials,
        remember: bool,
    ) -> Result<Resolved, Error> {
        let (entry, promotion, may_remember) = match &found.origin {
            Origin::Program(entry) if number.is_empty() => (Arc::clone(entry), None, true),
            Origin::Program(entry) => (Arc::new(with_number((**entry).clone(), &number)?), None, true),
            Origin::Book(loaded) => {
                let mut properties = found.properties()?.clone();
                if !number.is_empty()
                    && let Some(link) = properties.subentries.first_mut()
                {
                    // Clause A12: this number, and no alternate of another.
                    link.phone_numbers = vec![number.clone()];
                }
                let mut entry = super::convert::dialled(&properties, &loaded.place, self.prefer_device)?;
                if properties.callback_mode == CallbackMode::Yes
                    && let Some(stored) = self.stored_callback(caller, found)?
                {
                    entry.callback = stored;
                }
                let numbers = properties.primary().map_or_else(Vec::new, |link| link.phone_numbers.clone());
                let promotes = entry.promote_alternates && number.is_empty();
                let promotion = Promotion { caller, place: loaded.place.clone(), name: found.name.clone(), numbers };
                (Arc::new(entry), promotes.then_some(promotion), properties.cache_credentials)
            }
        };
        let (credentials, given, slow) = self.who_dials(caller, found, credentials, !number.is_empty())?;
        let login = (!self.secrets.is_empty()).then(|| self.own_login(caller, found, !number.is_empty()));
        let remember = (remember && may_remember).then(|| found.secrets(caller, Whose::User(caller.uid)));
        let (key, source) = (found.key(), found.source());
        let reservation = None;
        let (known, paused_states) = (Arc::clone(&entry), false);
        Ok(Resolved {
            entry,
            known,
            paused_states,
            key,
            source,
            number,
            credentials,
            given,
            slow,
            login,
            remember,
            promotion,
            reservation,
        })
    }

    /// Puts what is stored in the place of what the dial leaves to it (clauses A13, A14, A15).
    fn who_dials(
        &self,
        caller: Caller,
        found: &Found,
        given: Credentials,
        elsewhere: bool,
    ) -> Result<(Credentials, bool, Option<Slow>), Error> {
        let (nobody, wants_password) = (is_nobody(&given), wants_password(&given));
        if !leaves_open(&given) {
            return Ok((given, true, None));
        }
        let place = self.place_of_login(caller, found, elsewhere)?;
        let text = |kind| match self.secrets.get_quick(&place, kind)? {
            Quick::Found(text) => Ok::<_, Error>(text.expose_str().unwrap_or_default().to_owned()),
            Quick::None | Quick::AskSlow => Ok(String::new()),
        };
        let mut credentials = given;
        if credentials.domain == STORED_DOMAIN || nobody && credentials.domain.is_empty() {
            credentials.domain = text(Kind::Domain)?;
        }
        if !wants_password {
            return Ok((credentials, true, None));
        }
        if credentials.user.is_empty() {
            credentials.user = text(Kind::UserName)?;
        }
        credentials.password = Secret::default();
        if credentials.user.is_empty() {
            return Ok((Credentials::default(), false, None));
        }
        match self.secrets.get_quick(&place, Kind::Password)? {
            Quick::Found(password) => {
                credentials.password = password;
                Ok((credentials, false, None))
            }
            Quick::AskSlow => Ok((credentials, false, Some(Slow { place }))),
            // A name without a password is nobody: an attempt could only fail, and might lock the account.
            Quick::None => Ok((Credentials::default(), false, None)),
        }
    }

    /// Decides whose stored credentials are used; `elsewhere` says that the dial leads to another number.
    fn place_of_login(&self, caller: Caller, found: &Found, elsewhere: bool) -> Result<SecretPlace, Error> {
        let own = self.own_login(caller, found, elsewhere);
        if self.has_login(&own)? || !found.is_machine() || elsewhere {
            return Ok(own);
        }
        // Never mixed: a default password is for the default name alone.
        let default = found.secrets(caller, Whose::AllUsers);
        Ok(if self.has_login(&default)? { default } else { own })
    }

    fn own_login(&self, caller: Caller, found: &Found, elsewhere: bool) -> SecretPlace {
        let mut own = found.secrets(caller, Whose::User(caller.uid));
        // What the administrator filed must not be sent to a server that somebody else chose.
        own.by_name &= caller.own || !elsewhere;
        own
    }

    /// Puts the stored password in the place of the asterisks of an answer (clauses A15, P7).
    pub(crate) fn complete(&self, login: Option<&SecretPlace>, mut answer: Credentials) -> Result<Credentials, Error> {
        let stored = match login {
            Some(place) => self.secrets.get_quick(place, Kind::Password)?,
            None => Quick::None,
        };
        let Quick::Found(password) = stored else {
            let cause = Cause::new(Code::AUTHENTICATION_FAILURE, LayerName::User)
                .did("looked for the stored password that the answer means, and there is none")
                .advice("give the password itself");
            return Err(cause.into());
        };
        answer.password = password;
        Ok(answer)
    }

    fn has_login(&self, place: &SecretPlace) -> Result<bool, Error> {
        for kind in [Kind::UserName, Kind::Password] {
            if matches!(self.secrets.get_quick(place, kind)?, Quick::Found(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for a password that takes its time, for the user in `credentials`; nobody if there is none.
    pub(crate) fn ask(&self, slow: &Slow, mut credentials: Credentials) -> Credentials {
        match self.secrets.get_slow(&slow.place, Kind::Password) {
            Ok(Some(password)) => {
                credentials.password = password;
                credentials
            }
            Ok(None) => Credentials::default(),
            Err(cause) => {
                tracing::warn!(error = cause.code.0, "no password was got: {cause}");
                Credentials::default()
            }
        }
    }

    /// Puts the alternate that connected first.
    pub(crate) fn promoted(&self, promotion: &Promotion, alternate: usize) {
        self.promote(promotion.caller, &promotion.place, &promotion.name, &promotion.numbers, alternate);
    }
}

/// Clause A13.
fn is_nobody(given: &Credentials) -> bool {
    given.user.is_empty() && given.password.is_empty()
}

fn wants_password(given: &Credentials) -> bool {
    is_nobody(given) || is_asterisks(&given.password)
}

/// Whether something of the credentials is to be looked up.
fn leaves_open(given: &Credentials) -> bool {
    wants_password(given) || given.domain == STORED_DOMAIN
}

/// Takes settings as they are: nothing is stored for them.
pub(crate) fn inline(mut entry: Entry, number: String, mut credentials: Credentials) -> Result<Resolved, Error> {
    let nameless = entry.name.is_empty();
    if nameless {
        // Checked like any other, under a name that is allowed.
        entry.name = "settings".to_owned();
    }
    let mut entry = if number.is_empty() { entry } else { with_number(entry, &number)? };
    entry.validate()?;
    if nameless {
        // Clause B11. No entry can have this name, as it begins with a period.
        entry.name = format!(".{}", entry.medium.number());
    }
    if is_asterisks(&credentials.password) {
        credentials = Credentials::default();
    }
    if credentials.domain == STORED_DOMAIN {
        credentials.domain = String::new();
    }
    let (key, entry) = (key(None, &entry.name), Arc::new(entry));
    Ok(Resolved {
        key,
        known: Arc::clone(&entry),
        entry,
        paused_states: false,
        source: Source::default(),
        number,
        credentials,
        given: true,
        slow: None,
        login: None,
        remember: None,
        promotion: None,
        reservation: None,
    })
}

/// Gives what the dial itself says of a callback.
///
/// # Errors
/// 704 for what is no number, and for a question that nobody may be asked (clause A63).
fn callback_of(dial: &Dial) -> Result<Option<Callback>, Error> {
    let refused =
        |did: &str, advice: String| Cause::new(Code::BAD_CALLBACK_NUMBER, LayerName::Settings).did(did).advice(advice);
    let Some(callback) = Callback::of_dial(&dial.callback_number) else { return Ok(None) };
    if callback == Callback::Ask && !dial.paused_states {
        let did = "was to ask for the callback number, in a dial without paused states";
        return Err(refused(did, "name the number, or allow them".to_owned()).into());
    }
    callback.validate().map_err(|invalid| refused("read the callback number", invalid.advice))?;
    Ok(Some(callback))
}

/// Does to the entry's modems what the dial says of them (clauses A54, A55).
fn set_modems(entry: &mut Arc<Entry>, keeps_prefix: bool, speaker: Option<bool>) {
    if keeps_prefix && speaker.is_none() || !has_line(entry) {
        return;
    }
    let entry = Arc::make_mut(entry);
    for medium in entry.media_mut() {
        let Medium::Serial(SerialSettings { device: LineDevice::Modem(modem), .. }) = medium else { continue };
        if !keeps_prefix {
            modem.prefix.clear();
            modem.suffix.clear();
        }
        modem.speaker = speaker.unwrap_or(modem.speaker);
    }
}

/// Does to what is said on the entry's lines what the dial says of it (clause A58).
///
/// A script that gives up leaves the line to whoever may have it, and ends the dial of anybody else.
fn set_logins(entry: &mut Arc<Entry>, custom_scripting: bool, may_take_over: bool) {
    let is_other = |medium: &Medium| match medium {
        Medium::Serial(SerialSettings { login, .. }) => {
            login.custom_script && !custom_scripting || login.script.is_some() && !may_take_over
        }
        _ => false,
    };
    if !entry.media().any(is_other) {
        return;
    }
    let entry = Arc::make_mut(entry);
    for medium in entry.media_mut() {
        let Medium::Serial(SerialSettings { login, .. }) = medium else { continue };
        login.custom_script &= custom_scripting;
        login.halt_ends |= !may_take_over;
    }
}

/// Tells whether whoever dials has a line to themselves: they can have the modem call any number, and what the administrator
/// filed, a login or a script, would be said to whoever answers there.
fn gives_line_away(entry: &Entry) -> bool {
    entry.media().any(|medium| match medium {
        Medium::Serial(SerialSettings { login, .. }) => {
            login.terminal_before_dial || login.terminal_after_dial || login.custom_script
        }
        _ => false,
    })
}

/// Dials another number than the entry's, and no alternate of it (clause A12).
fn with_number(mut entry: Entry, number: &str) -> Result<Entry, Error> {
    let refused = |own: String, advice: String| {
        let did = format!("read \"{}\" in place of {own}", shown(number));
        Cause::new(Code::BAD_PHONE_NUMBER, LayerName::Settings).did(did).advice(advice)
    };
    match &mut entry.medium {
        Medium::Sstp(own) => {
            let Medium::Sstp(other) = super::convert::medium_to(number)? else { unreachable!("made of an SSTP entry") };
            (own.server, own.port) = (other.server, other.port);
        }
        Medium::Serial(SerialSettings { device: LineDevice::Modem(modem), .. }) => {
            let own = std::mem::replace(&mut modem.number, number.to_owned());
            entry.medium.validate().map_err(|invalid| refused(own, invalid.advice))?;
        }
        own => return Err(refused(own.number(), "leave the number to the entry".to_owned()).into()),
    }
    entry.alternates.clear();
    Ok(entry)
}

/// Clause A14: the domain that is stored with the entry.
const STORED_DOMAIN: &str = "*";
