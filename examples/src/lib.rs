//! The lessons of dlmir, the mir tool, the generator and the pretrain command.
