// What librdkafka makes, with owners. No state, no threads.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace tidemill::kafka {

template <auto destroy>
struct Destroyer {
  template <class T>
  void operator()(T* made) const {
    destroy(made);
  }
};

template <class T, auto destroy>
using Handle = std::unique_ptr<T, Destroyer<destroy>>;

using Properties = Handle<rd_kafka_conf_t, &rd_kafka_conf_destroy>;
using Queue = Handle<rd_kafka_queue_t, &rd_kafka_queue_destroy>;
using EventHandle = Handle<rd_kafka_event_t, &rd_kafka_event_destroy>;
using Offsets = Handle<rd_kafka_topic_partition_list_t, &rd_kafka_topic_partition_list_destroy>;
using OneOffset = Handle<rd_kafka_topic_partition_t, &rd_kafka_topic_partition_destroy>;
using Failure = Handle<rd_kafka_error_t, &rd_kafka_error_destroy>;
using Topic = Handle<rd_kafka_topic_t, &rd_kafka_topic_destroy>;

/// Of one record, held by its event.
struct Fetched {
  EventHandle event;
  const rd_kafka_message_t* message = nullptr;
};

}  // namespace tidemill::kafka
