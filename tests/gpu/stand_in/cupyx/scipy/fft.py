import cupy
import scipy.fft

rfft, irfft = cupy.on_device(scipy.fft.rfft), cupy.on_device(scipy.fft.irfft)
next_fast_len = scipy.fft.next_fast_len
