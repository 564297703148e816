#include "s3_read_ahead.h"

#include <utility>

namespace tidemill::bucket {
namespace {

std::string id_of(std::string_view key, std::string_view version) {
  return std::string(key).append("@").append(version);
}

}  // namespace

void S3ReadAhead::expect(std::span<const Event> events) {
  std::unique_lock lock(mutex_);
  if (wanted_ == Wanted::no) return;
  for (const Event& event : events) {
    if (event.object_bytes == 0 || event.object_bytes > S3Bucket::part_bytes) continue;
    std::string id = id_of(event.subject, event.version);
    Entry entry{event.object_bytes, State::waiting, {}};
    if (entries_.emplace(id, std::move(entry)).second) queue_.push_back(std::move(id));
  }
  start_if_needed(lock);
}

Result<Bytes> S3ReadAhead::read(const Event& event, std::uint64_t object_bytes_max) {
  std::optional<Result<Bytes>> object;
  {
    std::unique_lock lock(mutex_);
    wanted_ = Wanted::yes;
    const std::string id = id_of(event.subject, event.version);
    auto entry = entries_.find(id);
    while (entry != entries_.end() && entry->second.state == State::reading) {
      done_.wait(lock);
      entry = entries_.find(id);  // It may have been settled meanwhile.
    }
    if (entry != entries_.end()) {
      object = std::move(entry->second.object);
      erase(entry);
    }
    start_if_needed(lock);
  }
  // The next invocation asks anew; this one has waited long enough.
  if (object && (!*object || (*object)->size() <= object_bytes_max)) return std::move(*object);
  return bucket_->read(event.subject, object_bytes_max);
}

void S3ReadAhead::forget(std::string_view key, std::string_view version) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id_of(key, version));
  if (entry == entries_.end()) return;
  wanted_ = Wanted::no;  // Nobody asked.
  queue_.clear();
  std::erase_if(entries_, [](const auto& one) { return one.second.state == State::waiting; });
  if (const auto left = entries_.find(id_of(key, version)); left != entries_.end()) erase(left);
}

void S3ReadAhead::erase(Entries::iterator entry) {
  if (entry->second.state != State::waiting) held_ -= entry->second.bytes;
  entries_.erase(entry);
}

void S3ReadAhead::start_if_needed(std::unique_lock<std::mutex>& lock) {
  if (wanted_ != Wanted::yes || running_ || queue_.empty() || held_ > bytes_max / 2) return;
  running_ = true;
  lock.unlock();
  lend_([self = shared_from_this()] { self->run(); });
}

// The next ones to read, which count as held from now on.
std::vector<std::string> S3ReadAhead::take_some() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  while (!queue_.empty() && ids.size() < side_by_side) {
    const auto entry = entries_.find(queue_.front());
    if (entry != entries_.end()) {
      if (held_ + entry->second.bytes > bytes_max) break;
      held_ += entry->second.bytes;
      entry->second.state = State::reading;
      ids.push_back(queue_.front());
    }
    queue_.pop_front();
  }
  if (ids.empty()) running_ = false;
  return ids;
}

void S3ReadAhead::run() {
  for (auto ids = take_some(); !ids.empty(); ids = take_some()) {
    std::vector<std::string> keys;
    for (const std::string& id : ids) keys.push_back(id.substr(0, id.rfind('@')));
    auto objects = bucket_->read_small(keys);
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto entry = entries_.find(ids[i]);
      if (entry == entries_.end()) continue;
      entry->second.state = State::done;
      entry->second.object = std::move(objects[i]);
    }
    done_.notify_all();
  }
}

}  // namespace tidemill::bucket
