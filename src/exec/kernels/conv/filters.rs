//! The packed filters of a direct convolution.

use std::sync::Arc;

use super::{ConvGeometry, ConvTensors};
use crate::diag::Failure;
use crate::exec::kernels::group_fixup::GroupFixup;
use crate::exec::kernels::memory::Memory;
use crate::exec::kernels::pack;
use crate::exec::kernels::tile::packed_position;
use crate::lower::{ChannelRange, LANES};

/// The packed filters, in blocks of 16.
pub(in crate::exec::kernels) struct Filters {
    pub(super) weights: Arc<Memory>,
    pub(super) bias: Arc<Memory>,
    pub(super) blocks: usize,
    /// Elements of the weights of a block.
    pub(super) block_len: usize,
    /// The channels that a block is multiplied with.
    pub(super) channels: ChannelRange,
    /// Repairs NaN where blocks are multiplied with channels of other groups; `None` where no block is.
    pub(super) fixup: Option<GroupFixup>,
}

impl Filters {
    /// Wraps what [`Filters::pack`] packed.
    pub(in crate::exec::kernels) fn new(
        tensors: &ConvTensors,
        geometry: &ConvGeometry,
        weights: &Arc<Memory>,
        bias: &Arc<Memory>,
    ) -> Filters {
        let lanes = tensors.input.layout.lanes;
        let filters = tensors.output.shape.channels() as usize;
        let channels = Filters::channels(tensors, geometry);
        let fixup = (!channels.keeps_groups_apart()).then(|| GroupFixup {
            channels: tensors.input.shape.channels() as usize / geometry.groups,
            filters: filters / geometry.groups,
            all_filters: filters,
            kernel: geometry.taps,
            lanes,
        });
        Filters {
            weights: Arc::clone(weights),
            bias: Arc::clone(bias),
            blocks: filters.div_ceil(LANES),
            block_len: channels.multiplied() * geometry.taps.0 * geometry.taps.1 * LANES,
            channels,
            fixup,
        }
    }

    fn channels(tensors: &ConvTensors, geometry: &ConvGeometry) -> ChannelRange {
        let [inputs, filters] = [tensors.input, tensors.output].map(|one| one.shape.channels() as usize);
        ChannelRange::new(inputs, tensors.input.layout.lanes, filters, geometry.groups)
    }

    /// Packs a weight of filters × channels of a group × rows × columns, and a bias.
    ///
    /// # Errors
    /// E0607 where there is too little memory.
    pub(in crate::exec::kernels) fn pack(
        tensors: &ConvTensors,
        geometry: &ConvGeometry,
        weight: &[f32],
        bias: Option<&[f32]>,
        threads: usize,
    ) -> Result<[Memory; 2], Failure> {
        let lanes = tensors.input.layout.lanes;
        let inputs = tensors.input.shape.channels() as usize;
        let filters = tensors.output.shape.channels() as usize;
        let channels = Filters::channels(tensors, geometry);
        let taps = geometry.taps.0 * geometry.taps.1;
        let block_len = channels.multiplied() * taps * LANES;
        let (of_group, filters_of_group) = (inputs / geometry.groups, filters / geometry.groups);
        let weights = pack::blocks(threads, filters.div_ceil(LANES), block_len, |block, packed| {
            let first = channels.first(block) * lanes;
            for (lane, filter) in (block * LANES..filters.min(block * LANES + LANES)).enumerate() {
                let group = filter / filters_of_group;
                for local in 0..of_group {
                    let channel = group * of_group + local - first;
                    let source = &weight[(filter * of_group + local) * taps..][..taps];
                    let (start, step) = packed_position(channel, channels.multiplied(), lanes, taps);
                    for (tap, &value) in source.iter().enumerate() {
                        packed[(start + tap * step) * LANES + lane] = value;
                    }
                }
            }
        })?;
        Ok([weights, pack::channels(bias, filters)?])
    }
}
