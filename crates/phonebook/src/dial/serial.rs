//! Modems, null modems and other serial lines as a phone book writes them.

use super::{NotDialable, ReadFiles, dialled_numbers};
use crate::{Properties, Subentry};
use rasman_core::{
    Code, FlowControl, LineDevice, LineLogin, LineSettings, LoginScript, Medium, ModemProfile, ModemSettings, Secret,
    SerialPort, SerialSettings,
};

impl Properties {
    /// Gives the link if it is one over a serial line: a modem or a cable.
    pub(super) fn serial_link(&self) -> Option<&Subentry> {
        let link = self.primary()?;
        let is = |wanted: &str| link.device_type.eq_ignore_ascii_case(wanted);
        (is("modem") || is("null")).then_some(link)
    }

    /// Gives a medium for each number of a modem, or the one of a cable.
    pub(super) fn serial_media(&self, link: &Subentry, files: &mut impl ReadFiles) -> Result<Vec<Medium>, NotDialable> {
        let Some(port) = SerialPort::parse(link.port.trim()) else {
            let error = NotDialable::new(Code::PORT_NOT_FOUND, "Port", &link.port, "is no serial port");
            return Err(error.advice(
                "give a device such as /dev/ttyUSB0, COM3 for the third port, tcp:HOST:PORT or rfc2217:HOST:PORT",
            ));
        };
        let speed = if link.connect_bps == 0 { LineSettings::default().speed } else { link.connect_bps };
        let flow = if link.hw_flow_control == 0 { FlowControl::None } else { FlowControl::Hardware };
        let line = LineSettings { speed, flow };
        let login = self.line_login(link, files)?;
        let settings = |device| {
            let (port, login) = (port.clone(), login.clone());
            Medium::Serial(SerialSettings { port, line, device, accm: 0, fcs32: self.fcs32, login })
        };
        if link.device_type.eq_ignore_ascii_case("null") {
            let greets = self.modem_profile.trim() != "direct";
            return Ok(vec![settings(if greets { LineDevice::NullModem } else { LineDevice::Direct })]);
        }
        let modem = self.modem_settings(link)?;
        let dials =
            |number: &str| settings(LineDevice::Modem(ModemSettings { number: number.to_owned(), ..modem.clone() }));
        Ok(dialled_numbers(link)?.map(dials).collect())
    }

    fn modem_settings(&self, link: &Subentry) -> Result<ModemSettings, NotDialable> {
        let profile = match self.modem_profile.trim() {
            "" => ModemProfile::default(),
            name => ModemProfile::from_name(name).ok_or_else(|| {
                let error = NotDialable::new(Code::INVALID_PARAMETER, "RasmanModem", name, "is no kind of modem");
                error.advice("give hayes, cellular or iridium")
            })?,
        };
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(ModemSettings {
            name: link.device_name.clone(),
            profile,
            number: String::new(),
            prefix: self.dial_prefix.trim().to_owned(),
            suffix: self.dial_suffix.trim().to_owned(),
            init: self.modem_init.clone(),
            apn: some(&self.apn),
            speaker: link.speaker != 0,
            without_error_control: link.protocol == 0,
            without_compression: link.compression == 0,
        })
    }
}

impl Properties {
    /// Gives what is said on the line before PPP begins.
    fn line_login(&self, link: &Subentry, files: &mut impl ReadFiles) -> Result<LineLogin, NotDialable> {
        Ok(LineLogin {
            terminal_before_dial: link.terminal_before_dial,
            script: login_script(link, files)?,
            custom_script: self.custom_script(),
            terminal_after_dial: link.terminal_after_dial,
            ..LineLogin::default()
        })
    }
}

fn login_script(link: &Subentry, files: &mut impl ReadFiles) -> Result<Option<LoginScript>, NotDialable> {
    let path = link.script.trim();
    if path.is_empty() {
        return Ok(None);
    }
    let text = files.whole(path).map_err(|problem| {
        let error = NotDialable::new(Code::SCRIPT_SYNTAX, "Script", path, problem);
        error.advice("give the path of a script, beside the phone book or from / on, or remove the line")
    })?;
    // Of a path of Windows' too.
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    Ok(Some(LoginScript { name, text: Secret::new(text) }))
}
