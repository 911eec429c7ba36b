//! Callbacks that come with the crate, one a file. [`EarlyStopping`](crate::train::EarlyStopping) is
//! beside the loop.

mod best_model;
mod csv_history;
mod plateau;
mod progress;
mod tensor_board;

pub use best_model::BestModel;
pub use csv_history::CsvHistory;
pub use plateau::Plateau;
pub use progress::Progress;
pub use tensor_board::TensorBoard;
