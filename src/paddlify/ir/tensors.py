"""Tensors that are computed when they are written, and streaming of any tensor in bounded memory.

A weight stays where it lies on disk until the writer asks for it, piece by piece. Files are read into a small buffer
or copied by the kernel; a transposition reads the runs of bytes that it needs. Where these are short the file is
mapped, and the pages that were touched are given back at once: peak memory does not grow with the model.
"""

from __future__ import annotations

import abc
import errno
import itertools
import math
import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import onnx_ir as ir

from paddlify.errors import LoadError

MAX_BYTES: Final = 16 << 20
"""Default size of a streamed chunk (16 MiB); there are two buffers of it, one filled while the other is written."""

_TILE_BYTES: Final = 1 << 19  # transposed at once: fits a processor's second cache
_READ_BYTES: Final = 2 << 10  # a shorter run of bytes costs more to ask for than the pages around it
_RELEASE_BYTES: Final = 8 << 20  # of the source, spanned by what was touched before its pages are given back
_NO_KERNEL_COPY: Final = {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}


class Computed(ir.TensorProtocol):
    """A tensor whose rows (its slices along the first axis) are computed when they are read.

    Args:
        dtype, shape: of the tensor; a tensor of rank 0 counts as one row.
        rows: gives rows [start, stop) as an array of shape (stop - start, *shape[1:]) and of `dtype`.
    """

    def __init__(
        self, dtype: ir.DataType, shape: Sequence[int], rows: Callable[[int, int], np.ndarray],
        name: str | None = None,
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = _frozen(shape)
        self.doc_string = None
        self.metadata_props: dict[str, str] = {}
        self.meta: dict[str, Any] = {}
        self.raw: Any = None
        self._rows = rows

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape.numpy())

    @property
    def nbytes(self) -> int:
        """The number of bytes of all elements."""
        return self.size * self.dtype.bitwidth // 8

    def blocks(self, max_bytes: int) -> Iterator[np.ndarray]:
        """The elements in C order, as one-dimensional arrays of about `max_bytes`."""
        count = self.shape.numpy()[0] if self.shape.rank() else 1
        row_bytes = max(self.nbytes // max(count, 1), 1)
        step = max(max_bytes // row_bytes, 1)
        for start in range(0, count, step):
            yield np.ascontiguousarray(self._rows(start, min(start + step, count))).reshape(-1)

    def numpy(self) -> np.ndarray:
        """The whole tensor in memory."""
        result = np.empty(self.size, dtype=self.dtype.numpy())
        position = 0
        for block in self.blocks(MAX_BYTES):
            result[position : position + block.size] = block
            position += block.size
        return result.reshape(self.shape.numpy())

    def tobytes(self) -> bytes:
        """The elements as little-endian bytes in C order."""
        return b"".join(bytes(chunk) for chunk in chunks(self))

    def tofile(self, file: BinaryIO) -> None:
        """Write the elements as little-endian bytes in C order."""
        copy_to(self, file)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __dlpack__(self, *, stream: Any = None) -> Any:
        return self.numpy().__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.dtype},{self.shape}>({self.name!r})"


class _View(Computed):
    """The elements of another tensor in another order or shape: a view of its array, never a copy."""

    def __init__(self, base: ir.TensorProtocol, shape: Sequence[int]) -> None:
        super().__init__(base.dtype, shape, self._no_rows, base.name)
        if base.dtype.bitwidth < 8 or base.dtype == ir.DataType.STRING:
            raise ValueError(f"a tensor of {base.dtype} has no elements of whole bytes")
        self.base = base

    @abc.abstractmethod
    def view(self, array: np.ndarray) -> np.ndarray:
        """A view, which is this tensor, of an array that holds its base."""

    def blocks(self, max_bytes: int) -> Iterator[np.ndarray]:
        yield from _view_blocks(_Pages.of(self), max_bytes)

    def numpy(self) -> np.ndarray:
        """A view of the base's array."""
        return self.view(self.base.numpy())

    @staticmethod
    def _no_rows(start: int, stop: int) -> np.ndarray:
        raise NotImplementedError


class Transposed(_View):
    """`base` with its axes permuted, as numpy.transpose does; raises ValueError unless `perm` is a permutation."""

    def __init__(self, base: ir.TensorProtocol, perm: Sequence[int]) -> None:
        if sorted(perm) != list(range(base.shape.rank())):
            raise ValueError(f"{list(perm)} does not permute the {base.shape.rank()} axes of '{base.name}'")
        super().__init__(base, [base.shape.numpy()[axis] for axis in perm])
        self.perm = tuple(perm)

    def view(self, array: np.ndarray) -> np.ndarray:
        return np.transpose(array, self.perm)


class Reshaped(_View):
    """`base` with another shape of the same number of elements (ValueError otherwise); -1 is not taken."""

    def __init__(self, base: ir.TensorProtocol, shape: Sequence[int]) -> None:
        if math.prod(shape) != base.size:
            raise ValueError(f"'{base.name}' of shape {base.shape} cannot be reshaped to {list(shape)}")
        super().__init__(base, shape)

    def blocks(self, max_bytes: int) -> Iterator[np.ndarray]:
        return blocks(self.base, max_bytes)

    def view(self, array: np.ndarray) -> np.ndarray:
        return array.reshape(self.shape.numpy())


class Cast(Computed):
    """`base` converted to another dtype as numpy.astype does (floats to integers are cut towards zero)."""

    def __init__(self, base: ir.TensorProtocol, dtype: ir.DataType) -> None:
        super().__init__(dtype, base.shape.numpy(), _View._no_rows, base.name)
        self.base = base

    def blocks(self, max_bytes: int) -> Iterator[np.ndarray]:
        for block in blocks(self.base, max_bytes):
            yield block.astype(self.dtype.numpy())


def tensor_in_file(
    path: Path, offset: int, length: int, dtype: ir.DataType, shape: Sequence[int], name: str = ""
) -> ir.ExternalTensor:
    """`length` bytes of a file, from the byte `offset` on, as a tensor that stays there.

    The file may be a symbolic link, as model caches make them: the user, or a fixed rule, named it. A path that comes
    from the content of a model must be held against the model's folder before.
    """
    real = path.resolve()
    return ir.ExternalTensor(
        real.name, offset, length, dtype, shape=ir.Shape(shape), name=name, base_dir=real.parent
    )


def static_dims(tensor: ir.TensorProtocol) -> list[int]:
    """The dimensions of a tensor: all of them are known."""
    return [int(dim) for dim in tensor.shape if isinstance(dim, int)]


def blocks(tensor: ir.TensorProtocol, max_bytes: int = MAX_BYTES) -> Iterator[np.ndarray]:
    """The elements of a tensor in C order, as one-dimensional arrays of at most about `max_bytes`.

    An array is valid until the next but one is asked for. Raises LoadError when a file has become too short.
    """
    if isinstance(tensor, Computed):
        yield from tensor.blocks(max_bytes)
    elif isinstance(tensor, ir.ExternalTensor):
        dtype = np.dtype(np.uint8) if tensor.dtype.bitwidth < 8 else tensor.dtype.numpy()
        step = max(max_bytes // dtype.itemsize, 1) * dtype.itemsize
        for chunk in _file_chunks(tensor, step):
            yield np.frombuffer(chunk, dtype=dtype)
    else:
        array = np.ascontiguousarray(tensor.numpy()).reshape(-1)
        step = max(max_bytes // max(array.itemsize, 1), 1)
        for start in range(0, array.size, step):
            yield array[start : start + step]


def chunks(tensor: ir.TensorProtocol, max_bytes: int = MAX_BYTES) -> Iterator[memoryview]:
    """The content of a tensor as little-endian bytes in C order, in pieces of at most about `max_bytes`.

    A piece is valid until the next but one is asked for. Elements of less than a byte are packed as ONNX packs them.
    Raises LoadError when a file has become too short, ValueError for strings.
    """
    if tensor.dtype == ir.DataType.STRING:
        raise ValueError(f"'{tensor.name}' holds strings, which have no fixed size")
    if isinstance(tensor, ir.ExternalTensor):
        yield from _file_chunks(tensor, max_bytes)
    elif tensor.dtype.bitwidth < 8:
        yield memoryview(tensor.tobytes())
    else:
        for block in blocks(tensor, max_bytes):
            yield block.view(np.uint8).data


def copy_to(
    tensor: ir.TensorProtocol, file: BinaryIO, progress: Callable[[int], None] | None = None,
    max_bytes: int = MAX_BYTES,
) -> int:
    """Write the content of a tensor at the position of `file`; returns the number of bytes.

    What lies on disk is copied by the kernel where it can; of what does not, a piece is written while the next one is
    read or computed. `progress` is given the size of each piece.
    Raises LoadError when the source cannot be read and OSError when the target cannot be written.
    """
    written = 0
    if isinstance(tensor, ir.ExternalTensor):
        for count in _kernel_copied(tensor, file):
            written += count
            if progress is not None:
                progress(count)
        pieces = _file_chunks(tensor, max_bytes, skip=written)
    else:
        pieces = chunks(tensor, max_bytes)
    for piece in _written_beside(pieces, file) if tensor.nbytes - written > max_bytes else _written(pieces, file):
        written += len(piece)
        if progress is not None:
            progress(len(piece))
    return written


def _written(pieces: Iterable[memoryview], file: BinaryIO) -> Iterator[memoryview]:
    """The pieces, each when it was written."""
    for piece in pieces:
        _write(file, piece)
        yield piece


def _written_beside(pieces: Iterable[memoryview], file: BinaryIO) -> Iterator[memoryview]:
    """The pieces, each when it was written, by a thread that writes one while the next one is made."""
    with ThreadPoolExecutor(max_workers=1) as writer:
        writing: tuple[memoryview, Future[None]] | None = None
        for piece in pieces:
            if writing is not None:
                writing[1].result()
                yield writing[0]
            writing = piece, writer.submit(_write, file, piece)
        if writing is not None:
            writing[1].result()
            yield writing[0]


def _write(file: BinaryIO, piece: memoryview) -> None:
    """An unbuffered file may take less than it is given."""
    while piece:
        piece = piece[file.write(piece) :]


def _frozen(shape: Sequence[int]) -> ir.Shape:
    frozen = ir.Shape([int(dim) for dim in shape])
    frozen.freeze()
    return frozen


def _opened(tensor: ir.ExternalTensor) -> int:
    """A descriptor of the tensor's file, known to be long enough."""
    try:
        descriptor = os.open(tensor.path, os.O_RDONLY)
    except OSError as error:
        raise LoadError(f"{tensor.path}: cannot be read ({error.strerror})") from error
    if (tensor.offset or 0) + tensor.nbytes > os.fstat(descriptor).st_size:
        os.close(descriptor)
        raise LoadError(f"{tensor.path}: ends before the data of '{tensor.name}'; fetch the file again")
    return descriptor


def _file_chunks(tensor: ir.ExternalTensor, max_bytes: int, skip: int = 0) -> Iterator[memoryview]:
    remaining = tensor.nbytes - skip
    if remaining <= 0:
        return
    descriptor = _opened(tensor)
    try:
        position = (tensor.offset or 0) + skip
        buffers = itertools.cycle([memoryview(bytearray(min(max_bytes, remaining))) for _ in range(2)])
        while remaining:
            piece = next(buffers)[:remaining]
            if _read_into(descriptor, piece, position) < len(piece):
                raise LoadError(f"{tensor.path}: ended while '{tensor.name}' was read; fetch the file again")
            yield piece
            position += len(piece)
            remaining -= len(piece)
    finally:
        os.close(descriptor)


def _read_into(descriptor: int, piece: memoryview, position: int) -> int:
    done = 0
    while done < len(piece):
        count = os.preadv(descriptor, [piece[done:]], position + done)
        if not count:
            break
        done += count
    return done


def _kernel_copied(tensor: ir.ExternalTensor, file: BinaryIO) -> Iterator[int]:
    """Copy what the kernel can copy by itself; gives the size of each piece, none where it cannot."""
    if not hasattr(os, "copy_file_range") or not tensor.nbytes:
        return
    try:
        target = file.fileno()
    except (AttributeError, OSError):  # a file in memory has no descriptor
        return
    file.flush()
    start, done = file.tell(), 0
    source = _opened(tensor)
    try:
        while done < tensor.nbytes:
            count = os.copy_file_range(
                source, target, min(tensor.nbytes - done, MAX_BYTES), (tensor.offset or 0) + done, start + done
            )
            if not count:
                break
            done += count
            yield count
    except OSError as error:
        if error.errno not in _NO_KERNEL_COPY:
            raise
    finally:
        os.close(source)
        file.seek(start + done)


class _Pages:
    """An array, perhaps over a mapped file; the pages that were touched can be given back.

    Args:
        array: over memory, or over `mapped`.
        file: what is mapped, from the byte `position` of it on; `path` names it.
    """

    def __init__(
        self, array: np.ndarray, mapped: mmap.mmap | None = None, file: BinaryIO | None = None, position: int = 0,
        path: str | os.PathLike[str] = "",
    ) -> None:
        self.array = array
        self._mapped, self._file, self._position, self._path = mapped, file, position, path
        self._first = array.__array_interface__["data"][0]
        self._touched = 0

    @classmethod
    def of(cls, tensor: ir.TensorProtocol) -> _Pages:
        """The array of a tensor without reading it, where it lies on disk."""
        if isinstance(tensor, _View):
            pages = cls.of(tensor.base)
            pages.array = tensor.view(pages.array)
            return pages
        if not isinstance(tensor, ir.ExternalTensor) or not tensor.nbytes:
            return cls(tensor.numpy())
        file = os.fdopen(_opened(tensor), "rb", buffering=0)
        offset = tensor.offset or 0
        skipped = offset % mmap.ALLOCATIONGRANULARITY
        mapped = mmap.mmap(
            file.fileno(), skipped + tensor.nbytes, access=mmap.ACCESS_READ, offset=offset - skipped
        )
        array = np.frombuffer(mapped, dtype=tensor.dtype.numpy(), count=tensor.size, offset=skipped)
        return cls(array.reshape(tensor.shape.numpy()), mapped, file, offset, tensor.path)

    def fill(self, target: np.ndarray, piece: np.ndarray) -> None:
        """Copy a piece of the array, whose last axis is the densest, and forget its pages.

        Raises LoadError when the file has become too short.
        """
        run = piece.shape[-1] * piece.itemsize if piece.ndim and piece.strides[-1] == piece.itemsize else 0
        if self._file is not None and run >= _READ_BYTES:
            target[...] = self._read(self._file, piece, run)
            return
        target[...] = piece
        self._touched += _span(piece)
        if self._touched >= _RELEASE_BYTES and self._mapped is not None and hasattr(self._mapped, "madvise"):
            self._mapped.madvise(mmap.MADV_DONTNEED)
            self._touched = 0

    def _read(self, file: BinaryIO, piece: np.ndarray, run: int) -> np.ndarray:
        """A piece, read run by run: where each begins follows from the strides, without touching the pages."""
        result = np.empty(piece.shape, dtype=piece.dtype)
        starts = np.array(self._position + piece.__array_interface__["data"][0] - self._first)
        for size, stride in zip(piece.shape[:-1], piece.strides[:-1], strict=True):
            starts = np.add.outer(starts, np.arange(size) * stride)
        content, descriptor = result.reshape(-1).view(np.uint8).data, file.fileno()
        for begin, position in zip(range(0, len(content), run), starts.reshape(-1).tolist(), strict=True):
            if _read_into(descriptor, content[begin : begin + run], position) < run:
                raise LoadError(f"{self._path}: ended while it was read; fetch the file again")
        return result


def _view_blocks(pages: _Pages, max_bytes: int) -> Iterator[np.ndarray]:
    """A view's elements in C order.

    Each block is filled tile by tile in the order in which its elements lie in the source, so that a tile's pages
    are near each other, and are given back before the next ones are touched.
    """
    view = _merged(pages.array)
    if not view.size:
        return
    row_bytes = [math.prod(view.shape[axis + 1 :]) * view.itemsize for axis in range(view.ndim)]
    order = sorted(range(view.ndim), key=lambda axis: -view.strides[axis])
    buffer = spare = np.empty(0, dtype=view.dtype)
    for region in _regions(view.shape, row_bytes, max_bytes):
        source = view[region]
        buffer, spare = spare if spare.size >= source.size else np.empty(source.size, dtype=view.dtype), buffer
        block = buffer[: source.size].reshape(source.shape)
        sorted_source, sorted_block = source.transpose(order), block.transpose(order)
        packed = [math.prod(sorted_source.shape[axis + 1 :]) * view.itemsize for axis in range(view.ndim)]
        for tile in _regions(sorted_source.shape, packed, _TILE_BYTES):
            index = (*tile, ...)  # a view, be it of no axes
            pages.fill(sorted_block[index], sorted_source[index])
        yield block.reshape(-1)


def _span(array: np.ndarray) -> int:
    """How many bytes lie from the first to the last element."""
    steps = (abs(stride) * (size - 1) for size, stride in zip(array.shape, array.strides, strict=True))
    return int(array.itemsize + sum(steps))


def _regions(
    shape: Sequence[int], strides: Sequence[int], max_bytes: int, leading: tuple[slice, ...] = ()
) -> Iterator[tuple[slice, ...]]:
    """Cut an array, whose axes are sorted by stride, into regions that span at most about `max_bytes`, in order."""
    axis = len(leading)
    if axis == len(shape):
        yield leading
    elif strides[axis] <= max_bytes:
        step = max_bytes // strides[axis]
        for start in range(0, shape[axis], step):
            yield (*leading, slice(start, start + step))
    else:
        for index in range(shape[axis]):
            yield from _regions(shape, strides, max_bytes, (*leading, slice(index, index + 1)))


def _merged(array: np.ndarray) -> np.ndarray:
    """The same elements in the same order with as few axes as possible, without copying."""
    shape: list[int] = []
    strides: list[int] = []
    for size, stride in zip(array.shape, array.strides, strict=True):
        if size == 1:
            continue
        if strides and strides[-1] == size * stride:
            shape[-1] *= size
            strides[-1] = stride
        else:
            shape.append(size)
            strides.append(stride)
    return np.lib.stride_tricks.as_strided(array, shape, strides, writeable=False)
