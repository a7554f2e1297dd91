//! An emulator of the matrix unit AMX, for machines without one. Preloaded into a program, it grants the permission to use
//! tile registers and executes the tile instructions on which the processor traps (SIGILL), for each thread with
//! tiles of its own. It knows the instructions that the kernels use: `ldtilecfg`, `tilerelease`, `tilezero`, `tileloadd`,
//! `tilestored` and `tdpbf16ps`. Whatever the unit would refuse ends the process: a tile that is not configured, a
//! configuration that is not allowed.

mod decode;
mod tiles;

use std::arch::asm;

use decode::{Instruction, decode};
use libc::{c_int, c_long, c_void, siginfo_t, ucontext_t};
use tiles::TILES;

/// `arch_prctl` and its requests for permission (Linux, Documentation/arch/x86/xstate.rst).
const ARCH_GET_XCOMP_PERM: c_long = 0x1022;
const ARCH_REQ_XCOMP_PERM: c_long = 0x1023;
const XFEATURE_XTILEDATA: c_long = 18;

/// Runs as the library is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static INSTALL: extern "C" fn() = install;

extern "C" fn install() {
    // SAFETY: the handler has the signature of SA_SIGINFO; it runs on the stack of the thread that trapped.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = trapped as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
        if libc::sigaction(libc::SIGILL, &action, std::ptr::null_mut()) != 0 {
            refuse("the handler cannot be installed");
        }
    }
}

/// Stands in for the function of libc: answers requests for the permission, and passes all else on.
///
/// # Safety
/// As the system call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    if number == libc::SYS_arch_prctl && a == ARCH_REQ_XCOMP_PERM && b == XFEATURE_XTILEDATA {
        return 0;
    }
    if number == libc::SYS_arch_prctl && a == ARCH_GET_XCOMP_PERM {
        // SAFETY: the caller gives a place for 64 bits.
        unsafe { *(b as *mut u64) = 1 << XFEATURE_XTILEDATA };
        return 0;
    }
    let result: c_long;
    // SAFETY: the caller's promise; the kernel changes rcx and r11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
        if (-4095..0).contains(&result) {
            *libc::__errno_location() = -result as c_int;
            return -1;
        }
    }
    result
}

/// Executes the instruction on which a thread trapped, and continues behind it.
extern "C" fn trapped(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the system gives the registers of the thread; the code at its instruction pointer can be read.
    let (registers, code) = unsafe {
        let registers = &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs;
        let code = std::slice::from_raw_parts(registers[libc::REG_RIP as usize] as *const u8, 15);
        (registers, code)
    };
    let Some((instruction, len)) = decode(code, registers) else {
        refuse("an instruction that is not known");
    };
    TILES.with(|tiles| {
        // SAFETY: the tiles are this thread's, and the handler does not interrupt itself.
        let tiles = unsafe { &mut *tiles.get() };
        // SAFETY: the program promises the memory of its operands.
        unsafe {
            match instruction {
                Instruction::Configure { from } => tiles.configure(from),
                Instruction::Release => tiles.release(),
                Instruction::Zero { tile } => tiles.zero(tile),
                Instruction::Load { tile, memory } => tiles.load(tile, memory),
                Instruction::Store { tile, memory } => tiles.store(tile, memory),
                Instruction::Multiply { sums, left, right } => tiles.multiply(sums, left, right),
            }
        }
    });
    registers[libc::REG_RIP as usize] += len as i64;
}

/// Ends the process with a message.
fn refuse(why: &str) -> ! {
    let parts = ["matrix unit: ", why, "\n"];
    // SAFETY: writes to the standard error output; a signal handler may do that and abort.
    unsafe {
        for part in parts {
            libc::write(2, part.as_ptr().cast(), part.len());
        }
        libc::abort()
    }
}
