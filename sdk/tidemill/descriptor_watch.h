// DescriptorWatch: wakes a connector when there is something to read behind a file descriptor.
//
//     watch.listen(descriptor);
//     co_await watch.news().wait_until(next_look);
//
// Belongs to one connector, on its executor. What a wait leaves behind may outlive the watch.
#pragma once

#include <fcntl.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "tidemill/async.h"
#include "tidemill/posix.h"
#include "tidemill/scheduler.h"

namespace tidemill {

class DescriptorWatch {
 public:
  explicit DescriptorWatch(Scheduler& scheduler)
      : scheduler_(scheduler), news_(std::make_shared<Signal>(scheduler)) {}

  /// Notifies news() once, at the next moment when `descriptor` can be read; to be asked again
  /// then. The descriptor stays the caller's, and is the same one until stop(). False where the
  /// kernel cannot tell, as of a plain file: look at intervals.
  bool listen(int descriptor) {
    if (!watched_ && !watch(descriptor)) return false;
    if (std::exchange(*listening_, true)) return true;
    auto told = [news = news_, listening = listening_](const boost::system::error_code&) {
      *listening = false;
      news->notify();
    };
    watched_->async_wait(boost::asio::posix::stream_descriptor::wait_read, std::move(told));
    return true;
  }

  void stop() { watched_.reset(); }

  /// Anybody may notify it as well.
  Signal& news() { return *news_; }

 private:
  // Asio gets a descriptor of its own to the same thing.
  bool watch(int descriptor) {
    boost::system::error_code error;
    Descriptor own(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    watched_.emplace(scheduler_.executor());
    if (own) watched_->assign(own.get(), error);
    if (!own || error) {
      watched_.reset();
      return false;
    }
    own.release();
    listening_ = std::make_shared<bool>(false);
    return true;
  }

  Scheduler& scheduler_;
  std::shared_ptr<Signal> news_;
  std::optional<boost::asio::posix::stream_descriptor> watched_;
  std::shared_ptr<bool> listening_;  // A wait on watched_ is under way.
};

}  // namespace tidemill
