// ObjectTable: what a source knows of each object it has handed over, by key.
//
// One entry per object of the bucket, so it is built for millions: an open-addressing map of 32
// bytes and the key's bytes per entry; a long path shares nothing with its neighbours. Pointers to
// entries hold until the next insert. Used from one thread at a time.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::bucket {

struct KnownObject {
  std::uint64_t version = 0;  ///< Handed over last, or settled in an earlier run.
  std::uint32_t listing = 0;  ///< Number of the listing that saw it last.
  bool in_flight = false;     ///< Handed over, not settled yet.
  bool removing = false;      ///< What is in flight is its removal.
  bool dirty = false;         ///< Changed while in flight: look at it again once that settled.
};

class ObjectTable {
 public:
  KnownObject* find(std::string_view key) {
    const auto it = objects_.find(key);
    return it == objects_.end() ? nullptr : &it->second;
  }

  /// Precondition: `key` is not in the table.
  KnownObject& insert(std::string_view key, const KnownObject& object) {
    if (dead_bytes_ > 64 * 1024 && dead_bytes_ > live_bytes_) compact();
    live_bytes_ += key.size();
    return objects_.emplace(keep(key), object).first->second;
  }

  void erase(std::string_view key) {
    const auto it = objects_.find(key);
    if (it == objects_.end()) return;
    live_bytes_ -= it->first.size();
    dead_bytes_ += it->first.size();
    objects_.erase(it);
  }

  /// Calls visit(key, object) for each; `visit` may change the object, not the table.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [key, object] : objects_) visit(key, object);
  }

  std::size_t size() const { return objects_.size(); }

 private:
  std::string_view keep(std::string_view key) {
    auto* bytes = static_cast<char*>(names_->allocate(key.size() + 1, 1));
    key.copy(bytes, key.size());
    return {bytes, key.size()};
  }

  // Names of erased objects stay in the arena until they outweigh the others.
  void compact() {
    auto old_names = std::move(names_);
    names_ = std::make_unique<std::pmr::monotonic_buffer_resource>();
    Map kept;
    kept.reserve(objects_.size());
    for (const auto& [key, object] : objects_) kept.emplace(keep(key), object);
    objects_ = std::move(kept);
    dead_bytes_ = 0;
  }

  using Map = boost::unordered_flat_map<std::string_view, KnownObject>;

  std::unique_ptr<std::pmr::monotonic_buffer_resource> names_ =
      std::make_unique<std::pmr::monotonic_buffer_resource>();
  Map objects_;
  std::size_t live_bytes_ = 0;
  std::size_t dead_bytes_ = 0;
};

}  // namespace tidemill::bucket
