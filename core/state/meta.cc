#include "core/state/meta.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include <charconv>
#include <compare>
#include <optional>

#include "core/state/format_1.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

struct Format {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend auto operator<=>(const Format&, const Format&) = default;
};

constexpr Format our_format{format_major, format_minor};

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::optional<Format> format_of(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = number_of(text.substr(0, dot));
  if (!major) return std::nullopt;
  // A later major may write what it likes behind the dot.
  return Format{*major, number_of(text.substr(dot + 1)).value_or(0)};
}

Result<Format> check_format(std::string_view stored, const std::string& shown_as) {
  const auto text = read_text_value(stored);
  const auto format = text ? format_of(*text) : std::nullopt;
  if (!format) {
    return fail(Fault::bad_config,
                fmt::format("data folder {} does not say which format it has; restore it from a "
                            "copy, or start with an empty one",
                            shown_as));
  }
  if (format->major > format_major) {
    return fail(Fault::bad_config,
                fmt::format("data folder {} has format {}, this engine reads up to {}.x; run the "
                            "engine that wrote it, or a newer one",
                            shown_as, *text, format_major));
  }
  return *format;
}

}  // namespace

Result<Meta> begin_epoch(Database& database, const std::string& shown_as,
                         std::string_view new_engine_id) {
  Meta meta;
  rocksdb::WriteBatch batch;
  std::string value;
  const auto has_format = database.get(database.meta(), format_key, value);
  if (!has_format) return std::unexpected(has_format.error());
  Format stored;
  if (*has_format) {
    const auto checked = check_format(value, shown_as);
    if (!checked) return std::unexpected(checked.error());
    stored = *checked;
  }
  if (*has_format && stored.major == 1) {
    // In the write that raises the format: a crash leaves both or neither.
    if (auto brought = bring_from_format_1(database, batch); !brought)
      return std::unexpected(brought.error());
  }
  if (stored < our_format) {
    batch
        .Put(database.meta(), format_key,
             text_value(fmt::format("{}.{}", format_major, format_minor)))
        .PermitUncheckedError();
  }

  const auto has_id = database.get(database.meta(), engine_id_key, value);
  if (!has_id) return std::unexpected(has_id.error());
  if (*has_id) {
    meta.engine_id = read_text_value(value).value_or("");
  } else {
    meta.engine_id = new_engine_id;
    batch.Put(database.meta(), engine_id_key, text_value(new_engine_id)).PermitUncheckedError();
  }

  for (const auto& [key, number] : {std::pair(epoch_key, &meta.epoch),
                                    std::pair(dead_letter_next_key, &meta.dead_letter_next)}) {
    const auto found = database.get(database.meta(), key, value);
    if (!found) return std::unexpected(found.error());
    if (!*found) continue;
    const auto integer = read_integer_value(value);
    if (!integer) {
      return fail(Fault::transient, fmt::format("data folder {}: {} is damaged", shown_as, key));
    }
    *number = *integer;
  }
  ++meta.epoch;
  batch.Put(database.meta(), epoch_key, integer_value(meta.epoch)).PermitUncheckedError();
  if (auto written = database.write(batch, Durability::periodic); !written) {
    return std::unexpected(written.error());
  }
  return meta;
}

}  // namespace tidemill::state
