// Any bytes at all are records, refused records or a fault: no crash, no hang; the same ones
// however the bytes arrive; each begins where the one before it ended, or behind it; an object that
// came out of CSV is JSON; and a reader that begins at any of them finds the rest.

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "records/record_reader.h"

namespace {

using namespace tidemill::records;

struct Seen {
  std::string text;
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t oversized;
  std::string refused;
  bool operator==(const Seen&) const = default;
};

void take(RecordReader& reader, std::vector<Seen>& seen) {
  while (const Record* record = reader.peek()) {
    seen.push_back({std::string(record->text), record->begin, record->end, record->oversized,
                    record->refused});
    reader.take();
  }
}

void fill(RecordReader& reader, std::string_view text) {
  reader.filled(text.copy(reader.room().data(), text.size()));
}

std::vector<Seen> read(const RecordOptions& options, std::string_view text, std::size_t piece,
                       std::string& fault) {
  RecordReader reader(options, nullptr);
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    fill(reader, text.substr(at, piece));
    take(reader, seen);
    reader.shrink();
  }
  reader.end();
  take(reader, seen);
  fault = reader.fault();
  return seen;
}

std::vector<Seen> read_rest(const RecordOptions& options, std::string_view text,
                            std::uint64_t from) {
  RecordReader reader(options, nullptr);
  fill(reader, text);
  if (!reader.knows_columns()) std::abort();
  reader.skip_to(from);
  reader.end();
  std::vector<Seen> seen;
  take(reader, seen);
  return seen;
}

bool is_json(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 60'000) return 0;
  const std::uint8_t choice = data[0];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  RecordOptions options;
  options.format = (choice & 1) != 0 ? Format::csv : Format::lines;
  options.csv.typed = (choice & 2) != 0;
  options.csv.delimiter = (choice & 4) != 0 ? ";" : ",";
  if ((choice & 8) != 0) options.csv.columns = {"a", "b"};
  options.line_max = {2048};

  std::string fault;
  std::string fault_in_pieces;
  const auto whole = read(options, text, text.size() + 1, fault);
  if (read(options, text, 1 + choice / 16, fault_in_pieces) != whole || fault != fault_in_pieces)
    std::abort();
  std::uint64_t end = 0;
  for (const Seen& one : whole) {
    if (one.begin < end || one.end <= one.begin || one.end > text.size()) std::abort();
    end = one.end;
    const bool good = one.oversized == 0 && one.refused.empty();
    if (!good && one.text.size() > RecordReader::prefix_bytes) std::abort();
    if (good && options.format == Format::csv && !is_json(one.text)) std::abort();
  }
  if (whole.empty()) return 0;
  const std::size_t middle = whole.size() / 2;
  const auto rest = read_rest(options, text, whole[middle].begin);
  if (rest != std::vector<Seen>(whole.begin() + static_cast<std::ptrdiff_t>(middle), whole.end()))
    std::abort();
  return 0;
}
