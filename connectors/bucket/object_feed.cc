#include "object_feed.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "object_event.h"
#include "object_file.h"

namespace tidemill::bucket {
namespace {

// Between two of these many files a poll can be interrupted: some 10 ms.
constexpr int files_per_gather = 4096;

std::uint64_t modified_ns(const struct stat& status) {
  // Before 1970 counts as 1970.
  if (status.st_mtim.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
}

bool means_gone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

}  // namespace

Result<> ObjectFeed::open(const Progress& progress) {
  load(progress);
  return connect();
}

Result<> ObjectFeed::connect() {
  const std::string& path = options_.location.root;
  std::error_code ignored;  // The open() below says it better.
  if (options_.location.local) std::filesystem::create_directories(path, ignored);
  if (const auto root = open_folder(path, ""); !root) {
    const int error = root.error();
    const bool for_a_person = error == ENOENT || error == ENOTDIR || error == EACCES;
    return fail_errno(for_a_person ? Fault::bad_config : Fault::transient,
                      "cannot open the folder " + path, error);
  }
  watch_.reset();
  if (options_.watch) {
    auto watch = FolderWatch::open(path);
    if (watch)
      watch_.emplace(std::move(*watch));
    else
      stop_watching(watch.error());
  }
  start_listing();
  return {};
}

void ObjectFeed::load(const Progress& progress) {
  ObjectTable loaded;
  known_.for_each([&](std::string_view key, const KnownObject& object) {
    if (object.in_flight) loaded.insert(key, object);
  });
  progress.each_object([&](std::string_view key, std::string_view version) {
    // A removal that was reported is as good as an object never seen.
    if (version.starts_with(removed_prefix) || !options_.filter.matches(key)) return;
    if (loaded.find(key) != nullptr) return;
    loaded.insert(key, {.version = version_number(version)});
  });
  known_ = std::move(loaded);
}

void ObjectFeed::start_listing() {
  const auto enter_folder = [this](const std::string& folder) { enter(folder); };
  listing_.emplace(options_.location.root, options_.filter, log_, enter_folder);
  listing_->add("");
  listing_all_ = true;
  ++listing_number_;
  being_written_ = 0;
}

void ObjectFeed::enter(const std::string& folder) {
  if (!watch_) return;
  const int error = watch_->add(folder);
  if (error != 0 && !means_gone(error)) stop_watching(error);
}

void ObjectFeed::stop_watching(int error) {
  watch_.reset();
  std::string why = std::generic_category().message(error);
  if (error == ENOSPC) why = "the user's inotify watches are used up (fs.inotify.max_user_watches)";
  log_.write(LogLevel::warning, "cannot be notified of changes in " + options_.location.root +
                                    ", it will be listed at intervals: " + why);
}

Result<ObjectFeed::Outcome> ObjectFeed::gather(Credit credit, WallTime now,
                                               std::vector<Event>& out) {
  if (root_lost_) {
    if (const auto again = connect(); !again) return fail(Fault::transient, again.error().message);
    root_lost_ = false;
  }
  Room room{credit, now, out};
  for (int files = 0; files < files_per_gather; ++files) {
    if (out.size() >= credit.events) return Outcome::ready;
    if (!to_look_.empty()) {
      const std::string key = std::move(to_look_.front());
      to_look_.pop_front();
      if (look_at(key, room) == Verdict::handled) continue;
      to_look_.push_front(key);
      return out.empty() ? Outcome::starved : Outcome::ready;
    }
    if (listing_) {
      const auto found = listing_->next();
      if (!found)
        end_listing();
      else if (consider(found->key, found->status, room) == Verdict::no_room)
        to_look_.push_back(found->key);
      continue;
    }
    if (auto read = read_changes(); !read) return std::unexpected(read.error());
    if (to_look_.empty() && !listing_) return out.empty() ? Outcome::idle : Outcome::ready;
  }
  return Outcome::ready;
}

Result<> ObjectFeed::read_changes() {
  if (!watch_) return {};
  changes_.clear();
  if (const int error = watch_->read(changes_); error != 0) {
    stop_watching(error);
    start_listing();
    return {};
  }
  for (const Change& change : changes_)
    if (auto applied = apply(change); !applied) return applied;
  return {};
}

Result<> ObjectFeed::apply(const Change& change) {
  switch (change.kind) {
    case Change::Kind::linked: {
      // A file that is just being made has one name, and its close will be told.
      const auto status = stat_object(options_.location.root, change.path);
      if (!status || status->st_nlink < 2) return {};
      [[fallthrough]];
    }
    case Change::Kind::written:
    case Change::Kind::gone:
      if (options_.filter.matches(change.path)) to_look_.push_back(change.path);
      return {};
    case Change::Kind::folder_new:
      if (!options_.filter.may_match_below(change.path)) return {};
      if (!listing_) {
        const auto enter_folder = [this](const std::string& folder) { enter(folder); };
        listing_.emplace(options_.location.root, options_.filter, log_, enter_folder);
        listing_all_ = false;
      }
      listing_->add(change.path);
      return {};
    case Change::Kind::folder_gone:
      watch_->remove(change.path);
      folder_gone(change.path);
      return {};
    case Change::Kind::overflow:
      log_.write(LogLevel::warning,
                 "too many changes at once in " + options_.location.root + ", listing it again");
      start_listing();
      return {};
    case Change::Kind::root_gone:
      root_lost_ = true;
      return fail(Fault::transient,
                  "the folder " + options_.location.root + " was removed or renamed");
  }
  return {};
}

void ObjectFeed::folder_gone(const std::string& folder) {
  const std::string below = folder + '/';
  known_.for_each([&](std::string_view key, const KnownObject&) {
    if (key.starts_with(below)) to_look_.emplace_back(key);
  });
}

void ObjectFeed::end_listing() {
  listing_.reset();
  if (!std::exchange(listing_all_, false)) return;
  known_.for_each([&](std::string_view key, const KnownObject& object) {
    // A rename can hide a name from a listing: look before believing that it is gone.
    if (object.listing != listing_number_) to_look_.emplace_back(key);
  });
  if (being_written_ > 0)
    log_.write(LogLevel::info, "left out of the listing of " + options_.location.root + ": " +
                                   std::to_string(being_written_) + " files being written");
}

ObjectFeed::Verdict ObjectFeed::look_at(const std::string& key, Room& room) {
  const auto status = stat_object(options_.location.root, key);
  if (status && S_ISREG(status->st_mode)) return consider(key, *status, room);
  if (!status && !means_gone(status.error())) return Verdict::handled;  // Unreachable for now.
  return consider_gone(key, room);
}

ObjectFeed::Verdict ObjectFeed::consider(const std::string& key, struct stat status, Room& room) {
  if (!is_news(key, status)) return Verdict::handled;
  if (options_.created) {
    const Descriptor file = open_to_look(key);
    if (file && is_being_written(file.get())) {
      ++being_written_;
      return Verdict::handled;
    }
    // Once more, now that nobody writes: the first look may have seen half of it.
    if (file && ::fstat(file.get(), &status) != 0) return Verdict::handled;
    const CreatedObject object{.key = key,
                               .size = static_cast<std::uint64_t>(status.st_size),
                               .modified_ns = modified_ns(status),
                               .version = version_of(status),
                               .metadata = read_metadata(file.get(), key)};
    Event event =
        created_event(options_.location.identity, options_.location.name, object, room.now);
    if (hand_over(std::move(event), room) == Verdict::no_room) return Verdict::no_room;
  }
  KnownObject* known = known_.find(key);
  if (known == nullptr) known = &known_.insert(key, {});
  *known = {.version = version_of(status),
            .listing = listing_number_,
            .in_flight = options_.created,
            .removing = false,
            .dirty = false};
  return Verdict::handled;
}

bool ObjectFeed::is_news(const std::string& key, const struct stat& status) {
  KnownObject* known = known_.find(key);
  if (known == nullptr) return true;
  known->listing = listing_number_;
  const std::uint64_t version = version_of(status);
  if (!known->in_flight) return known->version != version;
  known->dirty = known->dirty || known->removing || version != known->version;
  return false;
}

// No descriptor: it cannot be read. That is for the function's read to say, with its reason.
Descriptor ObjectFeed::open_to_look(const std::string& key) {
  const auto [folder, name] = split(key);
  const auto parent = open_folder(options_.location.root, folder);
  if (!parent) return {};
  const std::string file(name);
  return Descriptor(
      ::openat(parent->get(), file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

ObjectFeed::Verdict ObjectFeed::consider_gone(const std::string& key, Room& room) {
  KnownObject* known = known_.find(key);
  if (known == nullptr) return Verdict::handled;
  if (known->in_flight) {
    known->dirty = known->dirty || !known->removing;
    return Verdict::handled;
  }
  if (!options_.removed) {
    known_.erase(key);
    return Verdict::handled;
  }
  if (hand_over(removed_event(options_.location.identity, options_.location.name, key,
                              known->version, room.now),
                room) == Verdict::no_room)
    return Verdict::no_room;
  known->in_flight = true;
  known->removing = true;
  return Verdict::handled;
}

ObjectFeed::Verdict ObjectFeed::hand_over(Event event, Room& room) {
  const std::uint64_t bytes = event.bytes();
  if (!room.credit.allows(bytes, room.out.size(), room.bytes)) return Verdict::no_room;
  event.offset = Offset(offset_++);
  event.offset_next = Offset(offset_);
  room.bytes += bytes;
  room.out.push_back(std::move(event));
  return Verdict::handled;
}

void ObjectFeed::settle(std::string_view key, std::string_view version) {
  KnownObject* known = known_.find(key);
  if (known == nullptr || !known->in_flight) return;
  const bool removing = version.starts_with(removed_prefix);
  const auto number = version_number(removing ? version.substr(removed_prefix.size()) : version);
  if (removing != known->removing || number != known->version) return;
  if (known->dirty) to_look_.emplace_back(key);
  known->in_flight = false;
  known->dirty = false;
  if (removing) known_.erase(key);
}

}  // namespace tidemill::bucket
