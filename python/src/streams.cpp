// Devices, streams and the defaults of a thread.
#include <nanobind/operators.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <optional>
#include <string>

#include "bindings.h"
#include "casters.h"
#include "gil.h"

namespace tandem::python {
namespace {

PyObject* cpu_object = nullptr;
PyObject* gpu_object = nullptr;
PyTypeObject* stream_type = nullptr;
PyTypeObject* device_type = nullptr;
PyTypeObject* thread_local_type = nullptr;

// `with stream(s)`: sets the defaults on entry and restores them on exit, on the thread that
// entered.
class StreamContext {
 public:
  explicit StreamContext(StreamOrDevice where) : where_(where) {}
  void enter() { scope_ = std::make_unique<StreamScope>(where_); }
  void exit() { scope_.reset(); }

 private:
  StreamOrDevice where_;
  std::unique_ptr<StreamScope> scope_;
};

}  // namespace

bool device_from(PyObject* object, Device& result) {
  if (object == cpu_object || object == gpu_object) {
    result = {object == cpu_object ? DeviceType::cpu : DeviceType::gpu, 0};
    return true;
  }
  if (Py_TYPE(object) != device_type) return false;
  result = *nb::inst_ptr<Device>(object);
  return true;
}

bool stream_from(PyObject* object, StreamOrDevice& result) {
  if (object == cpu_object) {
    result = DeviceType::cpu;
  } else if (object == gpu_object) {
    result = DeviceType::gpu;
  } else if (Py_TYPE(object) == stream_type) {
    result = *nb::inst_ptr<Stream>(object);
  } else if (Py_TYPE(object) == device_type) {
    result = *nb::inst_ptr<Device>(object);
  } else if (Py_TYPE(object) == thread_local_type) {
    result = stream_from_thread_local_stream(*nb::inst_ptr<ThreadLocalStream>(object));
  } else {
    return false;
  }
  return true;
}

namespace {

void bind_devices(nb::module_& m) {
  nb::enum_<DeviceType>(m, "DeviceType", "Kind of a device.")
      .value("cpu", DeviceType::cpu, "The processor.")
      .value("gpu", DeviceType::gpu, "A graphics processor, simulated where there is none.")
      .export_values();
  cpu_object = nb::object(m.attr("cpu")).release().ptr();
  gpu_object = nb::object(m.attr("gpu")).release().ptr();

  auto cls = nb::class_<Device>(m, "Device", "A place where operations run. Arrays have none.");
  device_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  cls.def(
         "__init__",
         [](Device* self, DeviceType type, int index) { new (self) Device{type, index}; },
         nb::arg("type"), nb::arg("index") = 0)
      .def(
          "__init__", [](Device* self, const Device& other) { new (self) Device(other); },
          nb::arg("device"))
      .def_ro("type", &Device::type, "cpu or gpu.")
      .def_ro("index", &Device::index, "Which of the devices of this type.")
      .def("__repr__", [](const Device& d) { return to_string(d); })
      .def("__hash__", [](const Device& d) { return (static_cast<int>(d.type) << 16) + d.index; })
      .def(
          "__eq__",
          [](const Device& a, nb::handle b) {
            Device other;
            return device_from(b.ptr(), other) && other == a;
          },
          nb::arg("other").none());

  m.def("default_device", &default_device,
        "The device of operations that name none. The CPU unless a real GPU is present.");
  m.def(
      "set_default_device", [](DeviceArgument device) { set_default_device(device.value); },
      nb::arg("device"),
      "Sets the device of operations that name none. DeviceError if there is no such device.");
  m.def(
      "device_count", [](DeviceType type) { return device_count(type); }, nb::arg("device_type"),
      "Number of devices of a type; a simulated GPU counts.");
  m.def(
      "is_available", [](DeviceArgument device) { return is_available(device.value); },
      nb::arg("device"), "Whether there is such a device; a simulated GPU counts.");
  m.def(
      "device_info",
      [](std::optional<DeviceArgument> device) {
        nb::dict result;
        const Device queried = device ? device->value : default_device();
        for (const auto& [key, value] : inspect::device_info(queried)) {
          // Sizes and counts are numbers for programs that compute with them.
          const bool number = !value.empty() && value.size() < 19 &&
                              value.find_first_not_of("0123456789") == std::string::npos;
          result[key.c_str()] =
              number ? nb::object(nb::int_(std::stoll(value))) : nb::object(nb::str(value.c_str()));
        }
        return result;
      },
      nb::arg("d") = nb::none(),
      nb::sig("def device_info(d: Device | DeviceType | None = None) -> dict[str, str | int]"),
      "What is known of a device (the default one when none is named): name, architecture,\n"
      "memory in bytes, whether it is simulated. DeviceError if there is no such device.");
}

Stream stream_of(const StreamOrDevice& where) { return resolve(where); }

}  // namespace

void bind_streams(nb::module_& m) {
  bind_devices(m);
  auto cls = nb::class_<Stream>(
      m, "Stream",
      "A queue of operations on one device. Operations on one stream keep their order.");
  stream_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  cls.def(
         "__init__",
         [](Stream* self, DeviceArgument device) { new (self) Stream(new_stream(device.value)); },
         nb::arg("device"), "A new stream on a device.")
      .def_ro("device", &Stream::device, "The device whose stream this is.")
      .def_ro("index", &Stream::index, "Number of the stream, unique while it lives.")
      .def("__repr__", [](const Stream& s) { return to_string(s); })
      .def("__hash__", [](const Stream& s) { return s.index; })
      .def(
          "__eq__",
          [](const Stream& a, nb::handle b) {
            return Py_TYPE(b.ptr()) == stream_type && *nb::inst_ptr<Stream>(b) == a;
          },
          nb::arg("other").none());

  m.def(
      "default_stream", [](DeviceArgument device) { return default_stream(device.value); },
      nb::arg("device"),
      "The calling thread's default stream of a device. DeviceError if there is none such.");
  m.def(
      "set_default_stream", [](const Stream& stream) { set_default_stream(stream); },
      nb::arg("stream"), "Makes a stream the calling thread's default of its device.");
  m.def(
      "new_stream", [](DeviceArgument device) { return new_stream(device.value); },
      nb::arg("device"), "A new stream on a device. DeviceError if there is none such.");

  m.def(
      "new_thread_unsafe_stream", [](DeviceArgument device) { return new_stream(device.value); },
      nb::arg("device"),
      "A new stream on a device, the same as new_stream(): any thread may use any stream.");
  m.def(
      "new_thread_local_stream",
      [](DeviceArgument device) { return new_thread_local_stream(device.value); },
      nb::arg("device"),
      "A name for one stream per thread. DeviceError if there is no such device.");
  m.def("clear_streams", &clear_streams,
        "Recycles the streams that the calling thread has made, its defaults included. Work that\n"
        "was given to them goes on.");

  auto local = nb::class_<ThreadLocalStream>(
      m, "ThreadLocalStream",
      "One name for a stream of each thread that uses it; see new_thread_local_stream().");
  thread_local_type = reinterpret_cast<PyTypeObject*>(local.ptr());
  local.def_ro("device", &ThreadLocalStream::device, "The device whose streams these are.")
      .def("__repr__",
           [](const ThreadLocalStream& s) {
             return "ThreadLocalStream(" + to_string(s.device) + ", " + std::to_string(s.index) +
                    ")";
           })
      .def("__hash__", [](const ThreadLocalStream& s) { return s.index; })
      .def(
          "__eq__",
          [](const ThreadLocalStream& a, nb::handle b) {
            return Py_TYPE(b.ptr()) == thread_local_type &&
                   *nb::inst_ptr<ThreadLocalStream>(b) == a;
          },
          nb::arg("other").none());

  nb::class_<StreamContext>(m, "StreamContext",
                            "Default device and stream for a `with` block; see stream().")
      .def(
          "__init__",
          [](StreamContext* self, StreamOrDevice where) { new (self) StreamContext(where); },
          nb::arg("stream"))
      .def("__enter__",
           [](nb::object self) {
             nb::cast<StreamContext&>(self).enter();
             return self;
           })
      .def(
          "__exit__", [](StreamContext& self, const nb::args&) { self.exit(); },
          nb::sig("def __exit__(self, *args: typing.Any) -> None"));
  m.def(
      "stream", [](StreamOrDevice where) { return StreamContext(where); }, nb::arg("s"),
      "Context manager: operations inside that name no stream run on `s`, a stream, a device or\n"
      "a device type. The earlier defaults return at the end of the block.");
  m.def(
      "synchronize",
      [](const StreamOrDevice& where) {
        const bool none = std::holds_alternative<std::monostate>(where);
        const GilReleased released;
        none ? synchronize() : synchronize(stream_of(where));
      },
      nb::arg("stream") = nb::none(),
      "Waits for the work queued on a stream (the default one when none is named). Raises what\n"
      "that work raised, if nobody has seen it yet.");
}

}  // namespace tandem::python
