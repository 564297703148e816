// Any data of a message is a row or a reason, and any words of a server are a line. No field of a
// row ends early where PostgreSQL reads it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "postgres/row_reader.h"
#include "postgres/sql_fault.h"
#include "postgres/table.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  using namespace tidemill::postgres;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto failure = parse_connect_failure(text);
  require(failure.sqlstate.empty() || failure.sqlstate.size() == 5);
  require(failure.message.find('\n') == std::string::npos);

  const Table table{.name = "\"t\"",
                    .columns = {{"id", "text"}, {"a", "int4"}, {"b", "jsonb"}},
                    .key = {0},
                    .on_conflict = OnConflict::update};
  const RowRules rules{};
  const Event event{};
  const Effect effect{.data = text};
  SinkBatch batch;
  batch.events = std::span(&event, 1);
  batch.effects = std::span(&effect, 1);
  const auto row = read_row(rules, table, batch, 0);
  if (!row) return 0;
  require(row->shape.size() == row->fields.size() && !row->fields.empty());
  std::string lines;
  append_copy_line(lines, row->fields);
  require(std::ranges::count(lines, '\n') == 1 && lines.back() == '\n');
  require(std::ranges::count(lines, '\t') + 1 == std::ssize(row->fields));
  for (const Field& field : row->fields) {
    if (!field) continue;
    std::string array = "{";
    append_element(array, field);
    require(array.size() == std::char_traits<char>::length(array.c_str()));
  }
  return 0;
}
