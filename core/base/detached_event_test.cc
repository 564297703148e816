#include "core/base/detached_event.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(DetachedEvent, KeepsEveryTextAndNothingOfTheBufferThatItCameFrom) {
  auto buffer = std::make_shared<std::string>("0123456789abcdefghijklmnopqrstuvwxyz");
  const std::string_view all = *buffer;
  const std::vector<Attribute> extensions{{all.substr(0, 2), all.substr(2, 3)}};
  Event event;
  event.offset = Offset(7);
  event.version = all.substr(5, 1);
  event.id = all.substr(6, 2);
  event.source = all.substr(8, 3);
  event.type = all.substr(11, 1);
  event.subject = all.substr(12, 4);
  event.content_type = all.substr(16, 2);
  event.key = all.substr(18, 3);
  const Payload before_map{all.substr(3, 4), all.substr(0, 3)};
  event.before_map = &before_map;
  event.extensions = extensions;
  event.data = Bytes(all.substr(21), buffer);

  const Event copy = detached(event);
  event = {};
  EXPECT_EQ(buffer.use_count(), 1) << "the copy does not keep the buffer alive";
  buffer->assign(buffer->size(), '#');

  EXPECT_EQ(copy.offset, Offset(7));
  EXPECT_EQ(copy.version, "5");
  EXPECT_EQ(copy.id, "67");
  EXPECT_EQ(copy.source, "89a");
  EXPECT_EQ(copy.type, "b");
  EXPECT_EQ(copy.subject, "cdef");
  EXPECT_EQ(copy.content_type, "gh");
  EXPECT_EQ(copy.key, "ijk");
  EXPECT_EQ(copy.data.view(), "lmnopqrstuvwxyz");
  ASSERT_NE(copy.before_map, nullptr);
  EXPECT_EQ(copy.before_map->data, "3456");
  EXPECT_EQ(copy.before_map->content_type, "012");
  ASSERT_EQ(copy.extensions.size(), 1u);
  EXPECT_EQ(copy.extensions[0].name, "01");
  EXPECT_EQ(copy.extensions[0].value, "234");
}

TEST(DetachedEvent, AnEventWithoutAnythingStaysOne) {
  const Event copy = detached(Event{});
  EXPECT_TRUE(copy.data.empty());
  EXPECT_TRUE(copy.key.empty());
  EXPECT_TRUE(copy.extensions.empty());
}

}  // namespace
}  // namespace tidemill
