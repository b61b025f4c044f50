//! The headers against the structures that the library uses: sizes, offsets and constants, by the C and C++ compilers.

use rasapi32::abi::{self, Layout, constants};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

const HEADERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include");

/// A structure as the library knows it.
struct Known {
    name: String,
    sizes: &'static [u32],
    fields: &'static [(&'static str, usize, usize)],
}

fn known<T: Layout>(variant: &str) -> Known {
    Known { name: format!("{}{variant}", T::NAME), sizes: T::SIZES, fields: T::FIELDS }
}

macro_rules! all {
    (text $($text:ident)+; plain $($plain:ident)+) => {
        vec![$(known::<abi::$text<u8>>("A"), known::<abi::$text<u16>>("W"),)+ $(known::<abi::$plain>("")),+]
    };
}

fn structures() -> Vec<Known> {
    let mut all = all! {
        text RASCONN RASCONNSTATUS RASDIALPARAMS RASENTRYNAME RASAMB RASPPPNBF RASPPPIPX RASPPPIP RASPPPLCP RASSLIP
            RASDEVINFO RASENTRY RASSUBENTRY RASCREDENTIALS RASAUTODIALENTRY RASEAPUSERIDENTITY RASNOUSER RASENTRYDLG;
        plain RASIPADDR RASTUNNELENDPOINT RASEAPINFO RASDEVSPECIFICINFO RASDIALEXTENSIONS RASPPPIPV6 RASPPPCCP
            RASPPP_PROJECTION_INFO RASIKEV2_PROJECTION_INFO RAS_PROJECTION_INFO RASCTRYINFO RASADPARAMS RASCOMMSETTINGS
            RASCUSTOMSCRIPTEXTENSIONS RAS_STATS RASUPDATECONN RASPBDLG RASDIALDLG RASMONITORDLG RASNAPSTATE
    };
    // The callback alone tells its variants apart.
    let dialog = all.iter_mut().find(|known| known.name == "RASPBDLG").expect("it is in the list");
    dialog.name = "RASPBDLGW".to_owned();
    all
}

/// Writes what must be true of one structure, in the newest version or in one of its versions.
fn claims(known: &Known, newest: bool) -> String {
    let mut text = String::new();
    let name = &known.name;
    let sizes: Vec<String> = known.sizes.iter().map(|size| format!("sizeof({name}) == {size}")).collect();
    let sizes = if newest { sizes.last().expect("it has a size").clone() } else { sizes.join(" || ") };
    writeln!(text, "RAS_ASSERT({sizes}, \"{name}\");").expect("text takes everything");
    if !newest {
        return text;
    }
    for (field, offset, size) in known.fields {
        // Unions without a name: the first member stands for them, and may be shorter than the longest.
        let (member, whole) = match field.trim_start_matches("r#") {
            "address" => ("ipv4", false),
            "info" => ("ppp", true),
            member => (member, true),
        };
        writeln!(text, "RAS_ASSERT(offsetof({name}, {member}) == {offset}, \"{name}.{member}\");").expect("text");
        if whole {
            writeln!(text, "RAS_ASSERT(sizeof((({name} *)0)->{member}) == {size}, \"{name}.{member}\");")
                .expect("text");
        }
    }
    text
}

fn program(version: Option<u32>) -> String {
    let mut text = version.map(|version| format!("#define WINVER {version:#x}\n")).unwrap_or_default();
    text.push_str("#include <ras.h>\n#include <rasdlg.h>\n#include <rassapi.h>\n#include <cmapi.h>\n");
    for known in structures() {
        text.push_str(&claims(&known, version.is_none()));
    }
    for (name, value) in constants::NUMBERS {
        // Two values of RASDDFLAG are the same, and enumerators are signed.
        writeln!(text, "RAS_ASSERT((DWORD)({name}) == {value}u, \"{name}\");").expect("text takes everything");
    }
    text.push_str("int main(void) { return 0; }\n");
    text
}

/// Compiles a program and asserts that the compiler has nothing to say about it.
fn compile(compiler: &str, flags: &[&str], program: &str) {
    let mut child = Command::new(compiler)
        .args(flags)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", HEADERS, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("a compiler is needed: {compiler}: {error}"));
    child.stdin.take().expect("it is piped").write_all(program.as_bytes()).expect("the compiler reads");
    let output = child.wait_with_output().expect("the compiler ends");
    assert!(output.status.success(), "{compiler} {flags:?}: {}", String::from_utf8_lossy(&output.stderr));
}

const C11: &[&str] = &["-x", "c", "-std=c11"];
const CXX17: &[&str] = &["-x", "c++", "-std=c++17"];

#[test]
fn x1_x3_x5_x6_sizes_offsets_and_constants_of_the_headers_are_the_librarys() {
    compile("cc", C11, &program(None));
    compile("c++", CXX17, &program(None));
}

#[test]
fn x4_a10_every_version_of_the_headers_has_a_size_that_the_library_accepts() {
    for version in [0x400, 0x401, 0x500, 0x501, 0x600, 0x601, 0x602, 0xA00] {
        compile("cc", C11, &program(Some(version)));
        compile("c++", CXX17, &program(Some(version)));
    }
}

#[test]
fn x2_characters_have_16_bits_whatever_wchar_t_has() {
    let program = "#include <ras.h>\nconst WCHAR *text(void);\nconst WCHAR *text(void) { return RAS_WIDE(\"x\"); }\n";
    for extra in [&[][..], &["-fshort-wchar"], &["-DUNICODE"], &["-DUNICODE", "-fshort-wchar"]] {
        compile("cc", &[C11, extra].concat(), program);
        compile("c++", &[CXX17, extra].concat(), program);
    }
}

#[test]
fn x7_plain_names_are_macros_for_either_variant() {
    let uses = "#include <ras.h>\nDWORD (*f)(LPCVARIANT, LPCVARIANT) = RasDeleteEntry;\nRASENTRY e; LPRASENTRYVARIANT p = &e;\n";
    let narrow = uses.replace("LPCVARIANT", "LPCSTR").replace("LPRASENTRYVARIANT", "LPRASENTRYA");
    let wide = uses.replace("LPCVARIANT", "LPCWSTR").replace("LPRASENTRYVARIANT", "LPRASENTRYW");
    compile("cc", C11, &narrow);
    compile("cc", &[C11, &["-DUNICODE"]].concat(), &wide);
}

#[test]
fn x3_the_types_step_aside_for_a_programs_own() {
    let own = "
#include <stdint.h>
#define RAS_OWN_TYPES
typedef unsigned char BYTE, *PBYTE, *LPBYTE; typedef unsigned short WORD, WCHAR, *LPWSTR; typedef const WCHAR *LPCWSTR;
typedef unsigned int DWORD, *PDWORD, *LPDWORD, UINT, ULONG; typedef int BOOL, *LPBOOL, LONG, HRESULT;
typedef unsigned long ULONG_PTR; typedef void VOID, *PVOID, *LPVOID, *HANDLE, *HWND, *HINSTANCE;
typedef char CHAR, *LPSTR; typedef const char *LPCSTR;
typedef struct { DWORD a; WORD b, c; BYTE d[8]; } GUID; typedef struct { DWORD a; LONG b; } LUID, FILETIME;
#include <ras.h>
#include <rasdlg.h>
";
    compile("cc", C11, own);
}
