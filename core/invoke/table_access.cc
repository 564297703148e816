#include "core/invoke/table_access.h"

#include <algorithm>
#include <utility>

#include "core/state/byte_codec.h"

namespace tidemill {

using state::append_big_endian;
using state::append_byte;
using state::append_sized;
using state::ByteReader;

Result<> TableScan::fit(std::size_t reads) {
  rows_max = std::max<std::uint32_t>(rows_max, 1);
  if (loose) return {};
  if (reads >= reads_max) return fail(Fault::transient, std::string(too_many_reads));
  rows_max = std::min(rows_max, static_cast<std::uint32_t>(reads_max - reads));
  return {};
}

std::string scan_text(const TableScan& scan) {
  std::string text;
  append_sized(text, scan.table);
  append_sized(text, scan.prefix);
  append_sized(text, scan.after);
  append_big_endian(text, scan.rows_max);
  append_big_endian(text, scan.bytes_max);
  append_byte(text, scan.loose ? 1 : 0);
  return text;
}

std::optional<TableScan> read_scan(std::string_view text) {
  ByteReader reader(text);
  TableScan scan;
  scan.table = reader.sized();
  scan.prefix = reader.sized();
  scan.after = reader.sized();
  scan.rows_max = reader.big_endian<std::uint32_t>();
  scan.bytes_max = reader.big_endian<std::uint64_t>();
  scan.loose = reader.byte() != 0;
  return reader.ok() ? std::optional(scan) : std::nullopt;
}

bool ScanPageWriter::add(std::string_view key, std::string_view value) {
  const std::uint64_t bytes = key.size() + value.size();
  more_ = count_ >= scan_.rows_max || (count_ > 0 && bytes_ + bytes > scan_.bytes_max);
  if (more_) return false;
  append_sized(rows_, key);
  append_sized(rows_, value);
  bytes_ += bytes;
  ++count_;
  return true;
}

Bytes ScanPageWriter::finish() {
  append_big_endian(rows_, count_);
  append_byte(rows_, more_ ? 1 : 0);
  return Bytes::adopt(std::move(rows_));
}

std::optional<ScanPage> read_scan_page(std::string_view bytes) {
  constexpr std::size_t tail_bytes = sizeof(std::uint32_t) + 1;
  if (bytes.size() < tail_bytes) return std::nullopt;
  ByteReader tail(bytes.substr(bytes.size() - tail_bytes));
  ByteReader reader(bytes.substr(0, bytes.size() - tail_bytes));
  ScanPage page;
  const auto slice = [](std::string_view text) { return tidemill_slice{text.data(), text.size()}; };
  for (auto rows = tail.big_endian<std::uint32_t>(); rows > 0 && reader.ok(); --rows) {
    const auto key = reader.sized();
    page.rows.push_back({slice(key), slice(reader.sized())});
  }
  page.more = tail.byte() != 0;
  return reader.ok() ? std::optional(std::move(page)) : std::nullopt;
}

}  // namespace tidemill
