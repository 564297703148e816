#include "core/state/stored_progress.h"

#include <fmt/format.h>
#include <rocksdb/write_batch.h>

#include "core/state/byte_codec.h"
#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {

Result<> Identities::load(PipelineId pipeline) {
  std::string value;
  const auto found = database_.get(database_.progress(), identity_key(pipeline), value);
  if (!found) return std::unexpected(found.error());
  if (!*found) return {};
  const auto text = read_text_value(value);
  if (!text) return fail(Fault::transient, "the source identity of a pipeline is damaged");
  const std::lock_guard lock(mutex_);
  in_force_[pipeline] = Identity{std::string(*text), identity_hash(*text)};
  return {};
}

Result<> Identities::set(PipelineId pipeline, std::string_view identity) {
  const std::lock_guard lock(mutex_);
  const auto known = in_force_.find(pipeline);
  if (known != in_force_.end() && known->second.text == identity) return {};

  const std::uint64_t hash = identity_hash(identity);
  std::string owner;
  const auto owned = database_.get(database_.progress(), owner_key(pipeline, hash), owner);
  if (!owned) return std::unexpected(owned.error());
  if (*owned && read_text_value(owner) != identity) {
    return fail(Fault::bad_config,
                fmt::format("source {} cannot be told from an earlier source of this pipeline; "
                            "reset the pipeline's progress",
                            identity));
  }
  const Identity next{std::string(identity), hash};
  rocksdb::WriteBatch batch;
  put(batch, pipeline, next);
  if (auto written = database_.write(batch, Durability::periodic); !written) return written;
  in_force_[pipeline] = next;
  return {};
}

Result<> Identities::restore() {
  const std::lock_guard lock(mutex_);
  rocksdb::WriteBatch batch;
  for (const auto& [pipeline, identity] : in_force_) put(batch, pipeline, identity);
  return database_.write(batch, Durability::periodic);
}

void Identities::put(rocksdb::WriteBatch& batch, PipelineId pipeline, const Identity& identity) {
  for (const std::string& key : {identity_key(pipeline), owner_key(pipeline, identity.hash)}) {
    batch.Put(database_.progress(), key, text_value(identity.text)).PermitUncheckedError();
  }
}

std::string Identities::text(PipelineId pipeline) const {
  const std::lock_guard lock(mutex_);
  const auto known = in_force_.find(pipeline);
  return known == in_force_.end() ? std::string() : known->second.text;
}

std::uint64_t Identities::hash(PipelineId pipeline) const {
  const std::lock_guard lock(mutex_);
  const auto known = in_force_.find(pipeline);
  return known == in_force_.end() ? identity_hash("") : known->second.hash;
}

std::optional<Offset> StoredProgress::next(Partition partition) const {
  std::string value;
  const auto found = [&]() -> Result<bool> {
    const auto open = database_.hold();
    if (!open) return std::unexpected(open.error());
    return database_.get(database_.progress(), log_key(pipeline_, identity_, partition), value);
  }();
  if (!found) note(found.error());
  if (!found || !*found) return std::nullopt;
  const auto progress = read_log_progress(value);
  if (!progress) note({Fault::transient, "the progress of a pipeline is damaged"});
  return progress ? std::optional(progress->next) : std::nullopt;
}

void StoredProgress::each_object(
    const std::function<void(std::string_view key, std::string_view version)>& visit) const {
  const auto visited = [&]() -> Result<> {
    const auto open = database_.hold();
    if (!open) return std::unexpected(open.error());
    return state::each_object(database_, pipeline_, identity_,
                              [&visit](std::string_view key, std::string_view version) {
                                visit(key, version);
                                return true;
                              });
  }();
  if (!visited) note(visited.error());
}

void StoredProgress::note(Error error) const {
  if (outcome_) outcome_ = std::unexpected(std::move(error));
}

Result<std::vector<LogProgress>> read_log_progress(Database& database, PipelineId pipeline,
                                                   std::uint64_t identity) {
  std::vector<LogProgress> logs;
  bool readable = true;
  const std::string prefix = log_prefix(pipeline, identity);
  auto scanned =
      database.scan(database.progress(), prefix, [&](std::string_view key, std::string_view value) {
        ByteReader reader(key.substr(prefix.size()));
        const Partition partition(reader.big_endian<std::uint32_t>());
        auto progress = read_log_progress(value);
        readable = reader.ok() && progress.has_value();
        if (!readable) return false;
        progress->partition = partition;
        logs.push_back(std::move(*progress));
        return true;
      });
  if (!scanned) return std::unexpected(scanned.error());
  if (!readable) return fail(Fault::transient, "the progress of a pipeline is damaged");
  return logs;
}

Result<> each_object(
    Database& database, PipelineId pipeline, std::uint64_t identity,
    const std::function<bool(std::string_view key, std::string_view version)>& visit) {
  bool readable = true;
  const std::string prefix = object_prefix(pipeline, identity);
  auto scanned =
      database.scan(database.progress(), prefix, [&](std::string_view key, std::string_view value) {
        const auto version = read_text_value(value);
        readable = version.has_value();
        return readable && visit(key.substr(prefix.size()), *version);
      });
  if (!scanned) return scanned;
  if (!readable) return fail(Fault::transient, "the progress of a pipeline is damaged");
  return {};
}

}  // namespace tidemill::state
