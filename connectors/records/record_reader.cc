#include "records/record_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tidemill::records {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

RecordReader::RecordReader(const RecordOptions& options, std::shared_ptr<const void> keep)
    : options_(options),
      keep_(std::move(keep)),
      buffer_(keep_),
      scanner_(options_.csv.delimiter.front()),
      arena_(keep_) {
  start();
}

void RecordReader::start() {
  buffer_.clear();
  begin_ = dropped_ = 0;
  scanned_ = 0;
  at_start_ = true;
  ended_ = ready_ = false;
  fault_.clear();
  scanner_.restart();
  columns_.reset();
  if (options_.format != Format::csv || options_.csv.columns.empty()) return;
  const CsvOptions& csv = options_.csv;
  auto columns = CsvColumns::named(csv.columns, csv.delimiter.front(), csv.typed);
  if (columns)
    columns_.emplace(std::move(*columns));
  else
    fault_ = "csv.columns: " + columns.error().message;
}

void RecordReader::skip_to(std::uint64_t position) {
  ready_ = false;
  scanner_.restart();
  scanned_ = 0;
  if (position > 0) at_start_ = false;
  if (position >= begin_ && position <= this->position() && dropped_ == 0) {
    buffer_.consume(static_cast<std::size_t>(position - begin_));
  } else {
    buffer_.clear();
    dropped_ = 0;
  }
  begin_ = position;
}

bool RecordReader::knows_columns() {
  return options_.format != Format::csv || columns_ || read_header();
}

const Record* RecordReader::peek() {
  if (!ready_) ready_ = options_.format == Format::csv ? peek_csv() : peek_line();
  return ready_ ? &record_ : nullptr;
}

void RecordReader::take() {
  consume(next_);
  ready_ = false;
}

void RecordReader::shrink() {
  if (ready_) return;  // Its text lies in there.
  buffer_.shrink();
  arena_.clear();
}

// False: there may be one, but it is not whole.
bool RecordReader::skip_byte_order_mark() {
  if (!at_start_) return true;
  const std::string_view bytes = buffer_.bytes();
  const std::size_t have = std::min(bytes.size(), byte_order_mark.size());
  const bool alike = bytes.starts_with(byte_order_mark.substr(0, have));
  if (alike && have < byte_order_mark.size() && !ended_) return false;
  at_start_ = false;
  if (alike && have == byte_order_mark.size()) consume(have);
  return true;
}

bool RecordReader::peek_line() {
  if (at_start_ && !skip_byte_order_mark()) return false;
  for (;;) {
    const std::string_view bytes = buffer_.bytes();
    if (bytes.empty()) return false;
    const std::size_t found = bytes.find('\n', scanned_);
    const bool whole = found != std::string_view::npos;
    if (!whole && !ended_) {
      scanned_ = bytes.size();
      let_go_of_oversized();
      return false;
    }
    const std::size_t end = whole ? found : bytes.size();
    const std::size_t next = whole ? end + 1 : end;
    const std::string_view line = bytes.substr(0, end);
    if (line.empty() || line == "\r") {
      consume(next);
      continue;
    }
    set_record(line, next);
    return true;
  }
}

// The end of the next record of CSV in the buffer, if it is in there.
std::optional<std::size_t> RecordReader::record_end() {
  const std::string_view bytes = buffer_.bytes();
  if (bytes.empty()) return std::nullopt;
  if (const auto end = scanner_.scan(bytes.substr(scanned_))) return scanned_ + *end;
  scanned_ = bytes.size();
  if (ended_) {
    scanner_.end();
    return bytes.size();
  }
  let_go_of_oversized();
  return std::nullopt;
}

bool RecordReader::peek_csv() {
  if (!fault_.empty() || (!columns_ && !read_header())) return false;
  if (at_start_ && !skip_byte_order_mark()) return false;
  for (;;) {
    const auto end = record_end();
    if (!end) return false;
    const std::string_view bytes = buffer_.bytes();
    const std::string_view record = bytes.substr(0, *end);
    const std::size_t next = std::min(*end + 1, bytes.size());
    if (record.empty() || record == "\r") {
      consume(next);
      continue;
    }
    set_record(record, next);
    if (record_.oversized == 0) set_object(record_.text);
    return true;
  }
}

bool RecordReader::read_header() {
  if (!fault_.empty() || !skip_byte_order_mark()) return false;
  for (;;) {
    const auto end = record_end();
    if (!end) return false;
    const std::string_view bytes = buffer_.bytes();
    const std::size_t next = std::min(*end + 1, bytes.size());
    set_record(bytes.substr(0, *end), next);
    if (record_.text.empty()) {
      consume(next);
      continue;
    }
    const CsvOptions& csv = options_.csv;
    if (record_.oversized > 0) {
      fault_ = "the header is longer than line_max";
    } else if (!scanner_.fault().empty()) {
      fault_ = "the header is no CSV: " + std::string(scanner_.fault());
    } else {
      auto columns = CsvColumns::of_header(record_.text, csv.delimiter.front(), csv.typed);
      if (columns)
        columns_.emplace(std::move(*columns));
      else
        fault_ = "the header: " + columns.error().message;
    }
    consume(next);
    return columns_.has_value();
  }
}

void RecordReader::consume(std::size_t bytes) {
  buffer_.consume(bytes);
  begin_ += bytes + dropped_;
  dropped_ = 0;
  scanned_ = 0;
  scanner_.restart();
}

// Of a record that is too long already, keep what shows people which one it was.
void RecordReader::let_go_of_oversized() {
  const std::size_t have = buffer_.bytes().size();
  if (have + dropped_ <= options_.line_max.value || have <= prefix_bytes) return;
  dropped_ += have - prefix_bytes;
  buffer_.truncate(prefix_bytes);
  scanned_ = prefix_bytes;
}

void RecordReader::set_record(std::string_view text, std::size_t next) {
  const std::uint64_t whole = text.size() + dropped_;
  record_.begin = begin_;
  record_.end = begin_ + dropped_ + next;
  record_.oversized = whole > options_.line_max.value ? whole : 0;
  record_.refused.clear();
  record_.owner = &buffer_.owner();
  if (text.ends_with('\r')) text.remove_suffix(1);
  record_.text = record_.oversized > 0 ? text.substr(0, prefix_bytes) : text;
  next_ = next;
}

void RecordReader::set_object(std::string_view record) {
  if (!scanner_.fault().empty()) {
    record_.refused = scanner_.fault();
  } else {
    const auto object = columns_->object(record);
    if (object) {
      record_.text = in_arena(*object);
      record_.owner = &arena_.owner();
      return;
    }
    record_.refused = object.error().message;
  }
  record_.text = record.substr(0, prefix_bytes);
}

std::string_view RecordReader::in_arena(std::string_view text) {
  const std::span<char> room = arena_.room(text.size());
  std::memcpy(room.data(), text.data(), text.size());
  arena_.filled(text.size());
  arena_.consume(text.size());
  return {room.data(), text.size()};
}

}  // namespace tidemill::records
