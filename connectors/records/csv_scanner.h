// CsvScanner: finds where a record of CSV ends (RFC 4180), in bytes that arrive bit by bit.
//
// Strict: a quote opens a field only at its beginning, and behind the closing one comes the
// delimiter or the line end (LF or CRLF). A record that breaks a rule ends at the next line end, so
// that one bad record costs no other. Does not keep the bytes. A value; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::records {

class CsvScanner {
 public:
  explicit CsvScanner(char delimiter) : delimiter_(delimiter) {}

  /// Looks at `more`, what follows the bytes looked at before. Where the record's line end (LF)
  /// stands in it, or empty: the record goes on behind it.
  std::optional<std::size_t> scan(std::string_view more);

  /// There is nothing more: the record ends here.
  void end();

  /// Why the record is no CSV; empty if it is.
  std::string_view fault() const { return fault_; }

  /// Begins the next record.
  void restart() { *this = CsvScanner(delimiter_); }

 private:
  enum class State : std::uint8_t {
    record_start,
    field_start,
    plain,         ///< In a field without quotes.
    quoted,        ///< Behind an opening quote.
    closing,       ///< Behind a quote in there: the closing one, or the first of two.
    line_feed_due  ///< Behind a closing quote and a carriage return.
  };

  std::optional<std::size_t> scan_from(std::size_t at, std::string_view more);
  std::optional<std::size_t> skip_broken(std::size_t at, std::string_view more) const;

  char delimiter_;
  State state_ = State::record_start;
  std::string_view fault_;  ///< Once set, only a line end is looked for.
};

}  // namespace tidemill::records
