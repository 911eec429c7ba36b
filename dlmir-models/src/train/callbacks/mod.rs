//! Callbacks that come with the crate, one a file.

mod best_model;
mod csv_history;
mod early_stopping;
mod plateau;
mod progress;
mod tensor_board;

pub use best_model::BestModel;
pub use csv_history::CsvHistory;
pub use early_stopping::EarlyStopping;
pub use plateau::Plateau;
pub use progress::Progress;
pub use tensor_board::TensorBoard;
