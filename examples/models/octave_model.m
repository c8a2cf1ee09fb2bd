% A program in Octave or MATLAB as a model.
%
%   python -m benchmark.check_model 'command:octave --norc octave_model.m {in} {out}'
%
% MATLAB runs in a temporary folder and has to be told, by an absolute path, where this file lies:
%
%   python -m benchmark.check_model "command:matlab -batch \"addpath('/abs/dir'); folders = {'{in}', '{out}'}; octave_model\""
%
% Give it its licence with --env HOME --env MLM_LICENSE_FILE, and no limit of memory with --memory-gb 0.
if ~exist('folders', 'var')
  folders = argv();
end
recordings = dir(fullfile(folders{1}, '*.wav'));
for i = 1:numel(recordings)
  [noisy, rate] = audioread(fullfile(folders{1}, recordings(i).name));
  % Spectral subtraction: the quietest tenth of the frames is taken for noise.
  size = 512; hop = 128;
  window = sqrt(0.5 - 0.5 * cos(2 * pi * (0:size-1)' / size));
  count = ceil((numel(noisy) + size) / hop);
  padded = zeros(count * hop + size, 1);
  padded(size + (1:numel(noisy))) = noisy;
  index = (1:size)' + hop * (0:count-1);
  spectra = fft(padded(index) .* window);
  power = abs(spectra) .^ 2;
  [~, order] = sort(sum(power));
  noise = mean(power(:, order(1:ceil(end / 10))), 2);
  gains = max(1 - 2 * noise ./ max(power, eps), 0.05);
  frames = real(ifft(spectra .* gains)) .* window;
  sums = zeros(size + hop * count, 1);
  for k = 1:count
    sums(index(:, k)) = sums(index(:, k)) + frames(:, k);
  end
  enhanced = sums(size + (1:numel(noisy))) / 2;
  audiowrite(fullfile(folders{2}, recordings(i).name), max(min(enhanced, 0.999), -1), rate);
end
