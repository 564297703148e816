#include "core/base/connector_scheduler.h"

#include <boost/asio/post.hpp>
#include <deque>
#include <mutex>

namespace tidemill {
namespace {

class FewAtOnce final : public CallQueue, public std::enable_shared_from_this<FewAtOnce> {
 public:
  FewAtOnce(Executor pool, std::size_t calls_max) : pool_(std::move(pool)), calls_max_(calls_max) {}

  void add(Call call) override {
    {
      const std::lock_guard lock(mutex_);
      if (running_ == calls_max_) {
        waiting_.push_back(std::move(call));
        return;
      }
      ++running_;
    }
    start(std::move(call));
  }

  boost::asio::execution_context& context() override { return pool_.context(); }

 private:
  void start(Call call) {
    auto run = [self = shared_from_this(), call = std::move(call)]() mutable {
      std::exchange(call, nullptr)();
      self->ended();
    };
    boost::asio::post(pool_, std::move(run));
  }

  // The next one goes to the end of the pool's queue: others have waited there.
  void ended() {
    Call next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --running_;
        return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    start(std::move(next));
  }

  const Executor pool_;
  const std::size_t calls_max_;
  std::mutex mutex_;
  std::deque<Call> waiting_;
  std::size_t running_ = 0;
};

}  // namespace

ConnectorScheduler::ConnectorScheduler(Scheduler& engine)
    : engine_(engine), calls_(std::make_shared<FewAtOnce>(engine.blocking(), calls_max)) {}

}  // namespace tidemill
