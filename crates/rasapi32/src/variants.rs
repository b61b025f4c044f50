//! Exports of a function in both variants.

/// Exports the A and the W variant of functions of which the body is generic over the character.
///
/// `C` in the types of the arguments is the variant's character. The body is an unsafe function of those arguments.
macro_rules! variants {
    ($($(#[$doc:meta])+ $a:ident $w:ident = $body:ident($($argument:ident: $type:ty),*);)+) => {
        $crate::variants::variant! { narrow u8 $($(#[$doc])+ $a = $body($($argument: $type),*);)+ }
        $crate::variants::variant! { wide u16 $($(#[$doc])+ $w = $body($($argument: $type),*);)+ }
    };
}

/// Exports one variant, in a module in which `C` is its character.
macro_rules! variant {
    ($module:ident $character:ident $($(#[$doc:meta])+ $name:ident = $body:ident($($argument:ident: $type:ty),*);)+) => {
        mod $module {
            #[allow(unused_imports, reason = "not every function has every type")]
            use super::*;

            #[allow(dead_code, reason = "not every function has text")]
            type C = $character;

            $($(#[$doc])+
            ///
            /// # Safety
            /// Every pointer is null or leads to what its type says: text up to its terminator, a structure as long as its
            /// dwSize or the size beside it says. None has to be aligned.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($argument: $type),*) -> u32 {
                // SAFETY: the caller answers for the pointers.
                $crate::call::answer(|| $crate::dial::context::undisturbed(|| unsafe { $body::<C>($($argument),*) }))
            })+
        }

        pub use $module::*;
    };
}

pub(crate) use {variant, variants};
