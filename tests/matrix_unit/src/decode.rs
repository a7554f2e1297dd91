//! Decodes the tile instructions (Intel's manual, volume 2): a VEX prefix of three bytes with the opcode map 0F38, an
//! opcode, and operands in ModRM, SIB and VEX.vvvv.

use libc::c_int;

#[derive(Clone, Copy, Debug)]
pub enum Instruction {
    Configure { from: *const u8 },
    Release,
    Zero { tile: usize },
    Load { tile: usize, memory: Memory },
    Store { tile: usize, memory: Memory },
    Multiply { sums: usize, left: usize, right: usize },
}

/// Rows in memory: the first, and the distance between two.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub start: *mut u8,
    pub stride: isize,
}

/// The general registers in the order of their numbers, as places of a `ucontext_t`.
const REGISTERS: [c_int; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// The instruction and its length in bytes.
pub fn decode(code: &[u8], registers: &[i64]) -> Option<(Instruction, usize)> {
    let &[0xc4, second, third, opcode, modrm, ..] = code else { return None };
    let is_map_0f38 = second & 0x1f == 2;
    let is_w0_128 = third & 0x84 == 0;
    if !is_map_0f38 || !is_w0_128 {
        return None;
    }
    // The extensions of register numbers and vvvv are stored inverted.
    let (r, x, b) = (!second >> 7 & 1, !second >> 6 & 1, !second >> 5 & 1);
    let vvvv = usize::from(!third >> 3 & 15);
    let prefix = third & 3;
    let (mode, reg, rm) = (modrm >> 6, usize::from(modrm >> 3 & 7), usize::from(modrm & 7));
    let register = |number: usize, extension: u8| {
        registers[REGISTERS[number + 8 * usize::from(extension)] as usize] as isize
    };
    let is_tile = r == 0;
    match (opcode, prefix, mode) {
        (0x49, 0, 3) if modrm == 0xc0 && vvvv == 0 => Some((Instruction::Release, 5)),
        (0x49, 3, 3) if rm == 0 && vvvv == 0 && is_tile => Some((Instruction::Zero { tile: reg }, 5)),
        (0x5c, 2, 3) if is_tile && vvvv < 8 => {
            Some((Instruction::Multiply { sums: reg, left: rm, right: vvvv }, 5))
        }
        (0x49, 0, _) if reg == 0 && vvvv == 0 => {
            let (memory, len) = address(code, (x, b), register)?;
            Some((Instruction::Configure { from: memory.start }, len))
        }
        (0x4b, 2 | 3, 0..=2) if rm == 4 && vvvv == 0 && is_tile => {
            let (memory, len) = address(code, (x, b), register)?;
            let instruction = if prefix == 3 {
                Instruction::Load { tile: reg, memory }
            } else {
                Instruction::Store { tile: reg, memory }
            };
            Some((instruction, len))
        }
        _ => None,
    }
}

/// The operand in memory behind ModRM, and the length of the instruction. The index of an SIB byte is the stride.
fn address(code: &[u8], (x, b): (u8, u8), register: impl Fn(usize, u8) -> isize) -> Option<(Memory, usize)> {
    let (mode, rm) = (code[4] >> 6, usize::from(code[4] & 7));
    let (base, stride, mut len) = if rm == 4 {
        let sib = code[5];
        let (scale, index, base) = (sib >> 6, usize::from(sib >> 3 & 7), usize::from(sib & 7));
        let stride = if index == 4 && x == 0 { 0 } else { register(index, x) << scale };
        if mode == 0 && base == 5 {
            return None;
        }
        (register(base, b), stride, 6)
    } else if mode == 0 && rm == 5 {
        return None;
    } else {
        (register(rm, b), 0, 5)
    };
    let displacement = match mode {
        0 => 0,
        1 => isize::from(code[len] as i8),
        _ => i32::from_le_bytes(code[len..len + 4].try_into().ok()?) as isize,
    };
    len += [0, 1, 4][usize::from(mode.min(2))];
    Some((Memory { start: base.wrapping_add(displacement) as *mut u8, stride }, len))
}
