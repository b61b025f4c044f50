//! One link of an entry: a port group and its device groups.

use crate::draft::Draft;
use crate::line::{DEVICE, MEDIA};
use crate::value::{Value, Written};
use crate::values::{Values, default_of};
use crate::{EditError, Scope, keys};

/// Makes the structure of the table: one field for each key of a port group or of its main device group.
macro_rules! subentry {
    (
        media { $($(#[$mdoc:meta])* $mfield:ident: $mtype:ty = $mkey:literal;)+ }
        device { $($(#[$ddoc:meta])* $dfield:ident: $dtype:ty = $dkey:literal;)+ }
        extra { $($(#[$edoc:meta])* $efield:ident: $etype:ty = $egroup:ident $ekey:literal;)+ }
    ) => {
        /// One link of an entry (RASSUBENTRY): where it goes out, and what it dials.
        ///
        /// The first device group that is no `switch` and no `pad` tells type and numbers.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Subentry {
            $($(#[$mdoc])* pub $mfield: $mtype,)+
            $($(#[$ddoc])* pub $dfield: $dtype,)+
            $($(#[$edoc])* pub $efield: $etype,)+
        }

        impl Default for Subentry {
            fn default() -> Self {
                let (media, device) = (Scope::Media(0), Scope::Device { media: 0, device: 0 });
                Self {
                    $($mfield: default_of(media, $mkey),)+
                    $($dfield: default_of(device, $dkey),)+
                    $($efield: default_of(device, $ekey),)+
                }
            }
        }

        impl Subentry {
            /// Reads a port group.
            pub(crate) fn read(values: &mut Values<'_>, media: usize) -> Self {
                let groups = Groups::find(values, media);
                let port = Scope::Media(media);
                Self {
                    $($mfield: values.take(port, $mkey),)+
                    $($dfield: values.take(groups.main, $dkey),)+
                    $($efield: groups.$egroup.map_or_else(
                        || default_of(groups.main, $ekey),
                        |group| values.take(group, $ekey),
                    ),)+
                }
            }

            fn media_keys(&self) -> Vec<(&'static str, Written)> {
                vec![$(($mkey, self.$mfield.write()),)+]
            }

            fn device_keys(&self) -> Vec<(&'static str, Written)> {
                vec![$(($dkey, self.$dfield.write()),)+]
            }

            fn extra_keys(&self) -> Vec<(Extra, &'static str, Written)> {
                vec![$((Extra::$egroup, $ekey, self.$efield.write()),)+]
            }
        }
    };
}

subentry! {
    media {
        /// What drives the port: `rastapi`, `serial`, `isdn`, `x25`.
        media: String = "MEDIA";
        /// The port, such as `VPN2-0` or `COM3`; may be empty.
        port: String = "Port";
        /// The device's name (szDeviceName).
        device_name: String = "Device";
        /// The speed of a serial line in bits a second; 0 for the device's own.
        connect_bps: u32 = "ConnectBPS";
    }
    device {
        /// The device's type (szDeviceType): `vpn`, `PPPoE`, `modem`, `isdn`, `x25`, `null`.
        device_type: String = "DEVICE";
        /// The number, server or service (szLocalPhoneNumber), then the alternates (dwAlternateOffset). An empty number
        /// alone is none.
        phone_numbers: Vec<String> = "PhoneNumber";
        /// The area code (szAreaCode).
        area_code: String = "AreaCode";
        /// The country's code (dwCountryCode).
        country_code: u32 = "CountryCode";
        /// The country's number in the system's list (dwCountryID).
        country_id: u32 = "CountryID";
        /// Build the number of country, area code and number (RASEO_UseCountryAndAreaCodes).
        use_dialing_rules: bool = "UseDialingRules";
        /// A remark about the number.
        comment: String = "Comment";
        /// A name for the link.
        friendly_name: String = "FriendlyName";
        /// Which number was dialled last, counted from 0.
        last_selected_phone: u32 = "LastSelectedPhone";
        /// A number that connected becomes the first (RASEO_PromoteAlternates).
        promote_alternates: bool = "PromoteAlternates";
        /// Try the next number when one fails.
        try_next_alternate_on_fail: bool = "TryNextAlternateOnFail";
        /// The modem uses hardware flow control.
        hw_flow_control: u32 = "HwFlowControl";
        /// The modem corrects errors.
        protocol: u32 = "Protocol";
        /// The modem compresses.
        compression: u32 = "Compression";
        /// The modem's speaker is on.
        speaker: u32 = "Speaker";
        /// Which of its protocols the modem uses.
        modem_protocol: u32 = "MdmProtocol";
    }
    extra {
        /// A terminal before dialling (RASEO_TerminalBeforeDial).
        terminal_before_dial: bool = before "Terminal";
        /// A terminal after dialling (RASEO_TerminalAfterDial).
        terminal_after_dial: bool = after "Terminal";
        /// The script that runs after dialling (szScript).
        script: String = after "Script";
        /// The type of the X.25 PAD (szX25PadType).
        x25_pad: String = pad "X25Pad";
        /// The X.25 address (szX25Address).
        x25_address: String = pad "X25Address";
        /// X.25's user data (szX25UserData).
        x25_user_data: String = pad "UserData";
        /// X.25's facilities (szX25Facilities).
        x25_facilities: String = pad "Facilities";
    }
}

impl Subentry {
    /// Gives the number, server or service; empty without one.
    #[must_use]
    pub fn phone_number(&self) -> &str {
        self.phone_numbers.first().map_or("", String::as_str)
    }

    /// Gives the alternates (clause M8).
    #[must_use]
    pub fn alternates(&self) -> &[String] {
        self.phone_numbers.get(1..).unwrap_or_default()
    }

    /// Writes a port group that does not exist yet.
    pub(crate) fn create(&self, draft: &mut Draft<'_>) -> Result<(), EditError> {
        let media = draft.add_media(&self.media)?;
        for (key, written) in self.media_keys() {
            put_new(draft, Scope::Media(media), key, &written)?;
        }
        draft.add_device(media, 0, &self.device_type)?;
        let scope = Scope::Device { media, device: 0 };
        for (key, written) in self.device_keys() {
            let of_modems = keys::MODEM.iter().any(|modem| modem.name == key);
            if !of_modems || self.device_type.eq_ignore_ascii_case("modem") || differs(scope, key, &written) {
                put_new(draft, scope, key, &written)?;
            }
        }
        self.change_extras(draft, media, &Self::default())
    }

    /// Writes what differs from what the port group says now.
    pub(crate) fn change(&self, draft: &mut Draft<'_>, media: usize, now: &Self) -> Result<(), EditError> {
        for (key, written) in self.media_keys().into_iter().zip(now.media_keys()).filter_map(changed) {
            put(draft, Scope::Media(media), key, &written)?;
        }
        let changes: Vec<_> = self.device_keys().into_iter().zip(now.device_keys()).filter_map(changed).collect();
        let main = main_of(draft, media);
        let differs = !changes.is_empty() || self.extra_keys() != now.extra_keys();
        if differs && main == draft.device_count(media) {
            draft.add_device(media, main, &self.device_type)?;
        }
        for (key, written) in changes {
            let scope = Scope::Device { media, device: main };
            put(draft, scope, key, &written)?;
        }
        self.change_extras(draft, media, now)
    }

    /// Writes what differs in `switch` and `pad` groups, which are made where they are missing.
    fn change_extras(&self, draft: &mut Draft<'_>, media: usize, now: &Self) -> Result<(), EditError> {
        for ((group, key, written), old) in self.extra_keys().into_iter().zip(now.extra_keys()) {
            if (group, key, &written) == (old.0, old.1, &old.2) {
                continue;
            }
            let device = extra_of(draft, media, group)?;
            put(draft, Scope::Device { media, device }, key, &written)?;
        }
        Ok(())
    }
}

/// Where the keys of a link stand.
struct Groups {
    main: Scope,
    before: Option<Scope>,
    after: Option<Scope>,
    pad: Option<Scope>,
}

/// The device groups beside the main one.
#[allow(non_camel_case_types)] // Named as the fields of `Groups` are, for the table.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Extra {
    before,
    after,
    pad,
}

impl Groups {
    fn find(values: &mut Values<'_>, media: usize) -> Self {
        let scope = |device| Scope::Device { media, device };
        let types: Vec<String> = (0..values.devices(media)).map(|device| values.take(scope(device), DEVICE)).collect();
        let main = main_among(&types);
        let group = |extra| extra_among(&types, main, extra).map(scope);
        Self { main: scope(main), before: group(Extra::before), after: group(Extra::after), pad: group(Extra::pad) }
    }
}

/// Finds the group that tells type and numbers. Where it is missing, it would come behind the others.
fn main_among(types: &[String]) -> usize {
    let device = types.iter().position(|kind| !is(kind, SWITCH) && !is(kind, PAD));
    device.or_else(|| types.iter().position(|kind| is(kind, PAD))).unwrap_or(types.len())
}

fn extra_among(types: &[String], main: usize, extra: Extra) -> Option<usize> {
    (0..types.len()).find(|at| match extra {
        Extra::before => *at < main && is(&types[*at], SWITCH),
        Extra::after => *at > main && is(&types[*at], SWITCH),
        Extra::pad => is(&types[*at], PAD),
    })
}

fn types_of(draft: &Draft<'_>, media: usize) -> Vec<String> {
    let kind = |device| draft.get(Scope::Device { media, device }, DEVICE).unwrap_or_default().into_owned();
    (0..draft.device_count(media)).map(kind).collect()
}

fn main_of(draft: &Draft<'_>, media: usize) -> usize {
    main_among(&types_of(draft, media))
}

/// Finds a group beside the main one, or makes it.
fn extra_of(draft: &mut Draft<'_>, media: usize, extra: Extra) -> Result<usize, EditError> {
    let types = types_of(draft, media);
    let main = main_among(&types);
    if let Some(device) = extra_among(&types, main, extra) {
        return Ok(device);
    }
    let device = if extra == Extra::before { main } else { types.len() };
    draft.add_device(media, device, if extra == Extra::pad { PAD } else { SWITCH })?;
    Ok(device)
}

/// Gives the first of two if it differs from the second.
pub(crate) fn changed<T: PartialEq>((new, old): (T, T)) -> Option<T> {
    (new != old).then_some(new)
}

/// Writes a key.
pub(crate) fn put(draft: &mut Draft<'_>, scope: Scope, key: &str, written: &Written) -> Result<(), EditError> {
    match written {
        Written::One(value) => draft.set(scope, key, value),
        Written::Many(values) => draft.set_all(scope, key, &values.iter().map(String::as_str).collect::<Vec<_>>()),
    }
}

/// Writes a key of a new group, unless it is one that then only stands where it says something.
fn put_new(draft: &mut Draft<'_>, scope: Scope, key: &str, written: &Written) -> Result<(), EditError> {
    let always = keys::find(scope, key).is_some_and(|key| key.always);
    let opens = key == MEDIA || key == DEVICE;
    if opens || !(always || differs(scope, key, written)) {
        return Ok(());
    }
    if always && written.values().is_empty() {
        return draft.set(scope, key, "");
    }
    put(draft, scope, key, written)
}

/// Tells whether a key says something else than it does when it is missing.
pub(crate) fn differs(scope: Scope, key: &str, written: &Written) -> bool {
    let default = keys::find(scope, key).map_or("", |key| key.default);
    match written {
        Written::One(value) => value != default,
        Written::Many(values) => !values.is_empty(),
    }
}

fn is(kind: &str, wanted: &str) -> bool {
    kind.eq_ignore_ascii_case(wanted)
}

/// The type of a group with a terminal or a script.
const SWITCH: &str = "switch";
/// The type of a group with an X.25 address.
const PAD: &str = "pad";
