//! The tile registers of AMX: whether there are any, the permission to use them, and their configuration.
//!
//! Safety: Linux gives a process the state of the tile registers only on request, once for all its threads
//! (`arch_prctl`, Documentation/arch/x86/xstate.rst), and refuses where the processor has none; without the permission the
//! first tile instruction ends the process. [`permitted`] asks once and keeps the answer. An executor runs tile
//! instructions only for [`Isa::Amx`](crate::exec::Isa), which `Isa::available` gives only with the permission.
//! A tile instruction also needs a configuration of the thread, which a task holds as a [`TileState`]: it is made when
//! the task begins and released when the task ends, however it ends. So threads that run no such task never have tile
//! registers in use, and between tasks the system saves none of their 8 KiB when it switches threads.
#![allow(unsafe_code)]

use std::arch::asm;
use std::marker::PhantomData;

/// Returns whether the processor has tiles and multiplies bf16 in them, and splits values into bf16.
pub(super) fn exists() -> bool {
    const LEAF: u32 = 7;
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    let (highest, _) = std::arch::x86_64::__get_cpuid_max(0);
    highest >= LEAF && {
        let features = std::arch::x86_64::__cpuid_count(LEAF, 0).edx;
        features & AMX_BF16 != 0 && features & AMX_TILE != 0
    }
}

/// Returns whether this process may use tile registers; asks the system for it at the first call.
pub(super) fn permitted() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::sync::OnceLock;
        /// `ARCH_REQ_XCOMP_PERM`
        const REQUEST: libc::c_ulong = 0x1023;
        /// `XFEATURE_XTILEDATA`
        const TILE_DATA: libc::c_ulong = 18;
        static PERMITTED: OnceLock<bool> = OnceLock::new();
        let has_bf16 = || is_x86_feature_detected!("avx512bf16") && is_x86_feature_detected!("avx512vl");
        // SAFETY: the call changes nothing but what the process may use.
        let ask = || has_bf16() && unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILE_DATA) } == 0;
        *PERMITTED.get_or_init(ask)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// The configured tiles of a thread: eight of sixteen rows of 64 bytes.
#[derive(Debug)]
pub(super) struct TileState {
    /// The configuration belongs to the thread that made it.
    of_thread: PhantomData<*const ()>,
}

/// The operand of `ldtilecfg`: the first palette, then the bytes of a row and the rows of each tile.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl TileState {
    /// Configures the tiles of this thread. The process is permitted to use them.
    pub(super) fn configure() -> TileState {
        let mut configuration =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
        configuration.row_bytes[..8].fill(64);
        configuration.rows[..8].fill(16);
        // SAFETY: the configuration is one that palette 1 allows; only code that holds a `TileState` uses tiles.
        unsafe { asm!("ldtilecfg [{0}]", in(reg) &raw const configuration, options(nostack, readonly)) };
        TileState { of_thread: PhantomData }
    }
}

impl Drop for TileState {
    fn drop(&mut self) {
        // SAFETY: nobody on this thread needs the tiles any more.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
