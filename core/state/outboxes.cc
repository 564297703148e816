#include "core/state/outboxes.h"

#include <rocksdb/write_batch.h>

#include <cassert>
#include <limits>
#include <set>

#include "core/state/byte_codec.h"
#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {

Result<> Outboxes::open(OutboxId outbox) {
  const std::lock_guard lock(mutex_);
  if (next_.contains(outbox)) return {};
  std::string value;
  const auto found = database_.get(database_.outbox_numbers(), outbox_number_key(outbox), value);
  if (!found) return std::unexpected(found.error());
  const auto next = *found ? read_integer_value(value) : 1;
  if (!next) return fail(Fault::transient, "the number of an outbox is damaged");
  next_.emplace(outbox, *next);
  return {};
}

void Outboxes::append(rocksdb::WriteBatch& batch, std::span<const QueuedEffect> effects) {
  if (effects.empty()) return;
  const std::lock_guard lock(mutex_);
  std::set<OutboxId> touched;
  for (const QueuedEffect& effect : effects) {
    const auto next = next_.find(effect.outbox);
    assert(next != next_.end() && "the outbox was never asked for by name");
    touched.insert(effect.outbox);
    value_.clear();
    append_queued_effect(value_, effect);
    batch.Put(database_.outbox(), queued_effect_key(effect.outbox, next->second++), value_)
        .PermitUncheckedError();
  }
  for (const OutboxId outbox : touched) {
    batch.Put(database_.outbox_numbers(), outbox_number_key(outbox), integer_value(next_[outbox]))
        .PermitUncheckedError();
  }
}

void Outboxes::remove(rocksdb::WriteBatch& batch,
                      std::span<const std::pair<OutboxId, std::uint64_t>> delivered) {
  for (const auto& [outbox, number] : delivered) {
    batch.Delete(database_.outbox(), queued_effect_key(outbox, number)).PermitUncheckedError();
  }
}

Result<std::vector<QueuedEffect>> Outboxes::read(OutboxId outbox, std::uint64_t after,
                                                 std::size_t effects_max,
                                                 std::uint64_t bytes_max) const {
  std::vector<QueuedEffect> effects;
  if (after == std::numeric_limits<std::uint64_t>::max()) return effects;
  std::uint64_t bytes = 0;
  bool readable = true;
  const std::string prefix = outbox_number_key(outbox);
  auto scanned =
      database_.scan(database_.outbox(), prefix, queued_effect_key(outbox, after + 1),
                     [&](std::string_view key, std::string_view value) {
                       auto effect = read_queued_effect(value);
                       ByteReader number(key.substr(prefix.size()));
                       readable = effect.has_value();
                       if (!readable) return false;
                       effect->outbox = outbox;
                       effect->number = number.big_endian<std::uint64_t>();
                       bytes += effect->bytes();
                       if (!effects.empty() && (effects.size() >= effects_max || bytes > bytes_max))
                         return false;
                       effects.push_back(std::move(*effect));
                       // Not one step further than asked for: behind may lie what was delivered, as
                       // tombstones.
                       return effects.size() < effects_max && bytes < bytes_max;
                     });
  if (!scanned) return std::unexpected(scanned.error());
  if (!readable) return fail(Fault::transient, "an effect in an outbox is damaged");
  return effects;
}

}  // namespace tidemill::state
