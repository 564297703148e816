#include "core/state/catalog.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include "core/state/values.h"

namespace tidemill::state {
namespace {

constexpr std::string_view counter_key = "#";

std::string key_of(NameKind kind, std::string_view name) {
  std::string key(1, static_cast<char>(kind));
  return key += name;
}

}  // namespace

Result<> Catalog::load() {
  const std::lock_guard lock(mutex_);
  bool readable = true;
  auto scanned =
      database_.scan(database_.registry(), "", [&](std::string_view key, std::string_view value) {
        const auto number = read_integer_value(value);
        readable = readable && number.has_value();
        if (!readable) return false;
        if (key == counter_key) {
          next_ = static_cast<std::uint32_t>(*number);
        } else {
          numbers_.emplace(key, static_cast<std::uint32_t>(*number));
        }
        return true;
      });
  if (!scanned) return scanned;
  if (!readable) return fail(Fault::transient, "the registry of names is damaged");
  return {};
}

Result<> Catalog::restore() {
  const std::lock_guard lock(mutex_);
  rocksdb::WriteBatch batch;
  auto scanned =
      database_.scan(database_.registry(), "", [&](std::string_view key, std::string_view) {
        if (!numbers_.contains(key)) {
          batch.Delete(database_.registry(), key).PermitUncheckedError();
        }
        return true;
      });
  if (!scanned) return scanned;
  for (const auto& [key, number] : numbers_) {
    batch.Put(database_.registry(), key, integer_value(number)).PermitUncheckedError();
  }
  batch.Put(database_.registry(), counter_key, integer_value(next_)).PermitUncheckedError();
  return database_.write(batch, Durability::periodic);
}

std::optional<std::uint32_t> Catalog::find(NameKind kind, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = numbers_.find(key_of(kind, name));
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

Result<std::uint32_t> Catalog::number(NameKind kind, std::string_view name) {
  const std::lock_guard lock(mutex_);
  const std::string key = key_of(kind, name);
  asked_for_.insert(key);
  const auto found = numbers_.find(key);
  if (found != numbers_.end()) return found->second;
  return make(key);
}

Result<std::uint32_t> Catalog::number_renamed(NameKind kind, std::string_view name,
                                              std::string_view from) {
  const std::string old_key = key_of(kind, from);
  const std::string key = key_of(kind, name);
  {
    const std::lock_guard lock(mutex_);
    const auto old = numbers_.find(old_key);
    if (!numbers_.contains(key) && old != numbers_.end()) {
      if (asked_for_.contains(old_key)) {
        return fail(
            Fault::bad_config,
            fmt::format("\"{}\" is in use and cannot be renamed to \"{}\" at once", from, name));
      }
      const std::uint32_t number = old->second;
      rocksdb::WriteBatch batch;
      batch.Delete(database_.registry(), old_key).PermitUncheckedError();
      batch.Put(database_.registry(), key, integer_value(number)).PermitUncheckedError();
      if (auto written = database_.write(batch, Durability::periodic); !written) {
        return std::unexpected(written.error());
      }
      numbers_.erase(old);
      numbers_.emplace(key, number);
    }
  }
  return this->number(kind, name);
}

std::vector<std::pair<std::string, std::uint32_t>> Catalog::all(NameKind kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::uint32_t>> names;
  for (const auto& [key, number] : numbers_) {
    if (key.front() == static_cast<char>(kind)) names.emplace_back(key.substr(1), number);
  }
  return names;
}

Result<std::uint32_t> Catalog::make(const std::string& key) {
  const std::uint32_t number = next_;
  rocksdb::WriteBatch batch;
  batch.Put(database_.registry(), key, integer_value(number)).PermitUncheckedError();
  batch.Put(database_.registry(), counter_key, integer_value(number + 1)).PermitUncheckedError();
  if (auto written = database_.write(batch, Durability::periodic); !written) {
    return std::unexpected(written.error());
  }
  numbers_.emplace(key, number);
  next_ = number + 1;
  return number;
}

}  // namespace tidemill::state
