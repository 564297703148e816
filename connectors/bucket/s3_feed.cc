#include "s3_feed.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "object_event.h"
#include "object_file.h"

namespace tidemill::bucket {

std::vector<std::string> prefixes_to_list(const std::string& base,
                                          std::vector<std::string> wanted) {
  if (wanted.empty()) return {base};
  std::ranges::sort(wanted);
  std::vector<std::string> prefixes;
  for (const std::string& one : wanted) {
    const std::string prefix = base.starts_with(one) ? base : one;
    if (!prefix.starts_with(base)) continue;
    // Sorted, so that a prefix of this one is the last that was taken, or a prefix of that.
    if (prefixes.empty() || !prefix.starts_with(prefixes.back())) prefixes.push_back(prefix);
  }
  return prefixes;
}

std::uint64_t version_of(const S3Listed& object) {
  std::string text(object.etag);
  text.append(" ").append(std::to_string(object.size));
  text.append(" ").append(std::to_string(object.modified_us));
  const std::uint64_t version = XXH3_64bits(text.data(), text.size());
  return version == 0 ? 1 : version;
}

Result<> S3Feed::open(const Progress& progress) {
  load(progress);
  start_listing();
  return read_page();
}

void S3Feed::load(const Progress& progress) {
  ObjectTable loaded;
  known_.for_each([&](std::string_view key, const KnownObject& object) {
    if (object.in_flight) loaded.insert(key, object);
  });
  progress.each_object([&](std::string_view key, std::string_view version) {
    // A removal that was reported is as good as an object never seen.
    if (version.starts_with(removed_prefix) || !filter_.matches(key)) return;
    if (loaded.find(key) != nullptr) return;
    loaded.insert(key, {.version = version_number(version)});
  });
  known_ = std::move(loaded);
}

void S3Feed::start_listing() {
  prefix_ = 0;
  token_.clear();
  page_.clear();
  gone_.clear();
  list_again_ = false;
  ++listing_number_;
}

void S3Feed::notice(std::string key) {
  if (!filter_.matches(key) || !check_s3_key(key)) return;
  if (noticed_.size() < notices_max) {
    noticed_.push_back(std::move(key));
  } else {
    list_again_ = true;
  }
}

Result<> S3Feed::look_at_some() {
  constexpr std::size_t side_by_side = 16;
  std::vector<std::string> keys(
      noticed_.begin(),
      noticed_.begin() + static_cast<std::ptrdiff_t>(std::min(side_by_side, noticed_.size())));
  auto found = bucket_.look(keys);
  if (!found) return std::unexpected(found.error());
  noticed_.erase(noticed_.begin(), noticed_.begin() + static_cast<std::ptrdiff_t>(keys.size()));
  for (std::size_t i = 0; i < keys.size(); ++i)
    looked_.emplace_back(std::move(keys[i]), std::move((*found)[i]));
  return {};
}

// False: there is no room for its event.
bool S3Feed::consider_looked(Room& room) {
  const auto& [key, object] = looked_.front();
  // What a page says of it is older.
  std::erase_if(page_, [&key](const S3Listed& listed) { return listed.key == key; });
  return object ? consider(*object, room) : consider_gone(key, room);
}

Result<S3Feed::Outcome> S3Feed::gather(Credit credit, WallTime now, std::vector<Event>& out) {
  Room room{credit, now, out};
  const auto no_room = [&out] { return out.empty() ? Outcome::starved : Outcome::ready; };
  if (looked_.empty() && !noticed_.empty())
    if (auto looked = look_at_some(); !looked) return std::unexpected(looked.error());
  for (; !looked_.empty(); looked_.pop_front()) {
    if (out.size() >= credit.events) return Outcome::ready;
    if (!consider_looked(room)) return no_room();
  }
  if (!noticed_.empty()) return Outcome::ready;
  for (; !page_.empty(); page_.pop_front()) {
    if (out.size() >= credit.events) return Outcome::ready;
    if (!consider(page_.front(), room)) return no_room();
  }
  for (; !gone_.empty(); gone_.pop_front()) {
    if (out.size() >= credit.events) return Outcome::ready;
    // One that was looked at since has come back.
    const KnownObject* const known = known_.find(gone_.front());
    if (known != nullptr && known->listing == listing_number_) continue;
    if (!consider_gone(gone_.front(), room)) return no_room();
  }
  if (prefix_ == options_.prefixes.size()) {
    if (!list_again_) return out.empty() ? Outcome::idle : Outcome::ready;
    start_listing();
  }
  if (!out.empty()) return Outcome::ready;  // A page may take a while.
  if (auto read = read_page(); !read) return std::unexpected(read.error());
  return Outcome::ready;
}

Result<> S3Feed::read_page() {
  auto page = bucket_.list(options_.prefixes[prefix_], token_);
  if (!page) return std::unexpected(page.error());
  for (S3Listed& object : page->objects)
    if (filter_.matches(object.key)) page_.push_back(std::move(object));
  token_ = std::move(page->next);
  if (token_.empty() && ++prefix_ == options_.prefixes.size()) end_listing();
  return {};
}

void S3Feed::end_listing() {
  // Those of the last page are still to be looked at, but they are there.
  for (const S3Listed& object : page_)
    if (KnownObject* known = known_.find(object.key)) known->listing = listing_number_;
  known_.for_each([&](std::string_view key, const KnownObject& object) {
    if (object.listing != listing_number_) gone_.emplace_back(key);
  });
}

// False: there is no room for its event.
bool S3Feed::consider(const S3Listed& object, Room& room) {
  const std::uint64_t version = version_of(object);
  KnownObject* known = known_.find(object.key);
  if (known != nullptr) {
    known->listing = listing_number_;
    if (known->in_flight) known->dirty |= known->removing || known->version != version;
    if (known->in_flight || known->version == version) return true;
  }
  if (options_.created) {
    ObjectMetadata metadata{std::string(content_type_of(object.key)), {}};
    const CreatedObject created{.key = object.key,
                                .size = object.size,
                                .modified_ns = object.modified_us * 1000,
                                .version = version,
                                .etag = object.etag,
                                .metadata = std::move(metadata)};
    Event event =
        created_event(options_.location.url(), options_.location.bucket, created, room.now);
    if (!hand_over(std::move(event), room)) return false;
  }
  if (known == nullptr) known = &known_.insert(object.key, {});
  *known = {.version = version,
            .listing = listing_number_,
            .in_flight = options_.created,
            .removing = false,
            .dirty = false};
  return true;
}

bool S3Feed::consider_gone(const std::string& key, Room& room) {
  KnownObject* known = known_.find(key);
  if (known == nullptr) return true;
  if (known->in_flight) {
    known->dirty |= !known->removing;
    return true;
  }
  if (!options_.removed) {
    known_.erase(key);
    return true;
  }
  if (!hand_over(removed_event(options_.location.url(), options_.location.bucket, key,
                               known->version, room.now),
                 room))
    return false;
  known->in_flight = true;
  known->removing = true;
  return true;
}

bool S3Feed::hand_over(Event event, Room& room) {
  const std::uint64_t bytes = event.bytes();
  if (!room.credit.allows(bytes, room.out.size(), room.bytes)) return false;
  event.offset = Offset(offset_++);
  event.offset_next = Offset(offset_);
  room.bytes += bytes;
  room.out.push_back(std::move(event));
  return true;
}

void S3Feed::settle(std::string_view key, std::string_view version) {
  KnownObject* known = known_.find(key);
  if (known == nullptr || !known->in_flight) return;
  const bool removing = version.starts_with(removed_prefix);
  const auto number = version_number(removing ? version.substr(removed_prefix.size()) : version);
  if (removing != known->removing || number != known->version) return;
  // It has changed since: a listing may be long in coming.
  if (known->dirty) notice(std::string(key));
  known->in_flight = false;
  known->dirty = false;
  if (removing) known_.erase(key);
}

}  // namespace tidemill::bucket
