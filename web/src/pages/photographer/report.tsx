import type { ComponentChildren } from "preact";

import type { Schemas } from "../../api/client";
import { Tag } from "../../parts/notice";
import type { Size } from "./picture/profiles";
import { formatLimit, words, formatMeasure } from "./report_words";
import { words as common } from "./words";

type Finding = Schemas["PictureFinding"];

/** The report on one picture: errors, then remarks, and the passed rules in a collapsed section. */
export function ImageReport({ image, url, size, children }: { image: Schemas["ImageReport"]; url: string | undefined; size: Size | undefined; children: ComponentChildren }) {
  const t = words();
  const name = common().image[image.kind];
  const failed = image.findings.filter(({ ok }) => !ok);
  const errors = failed.filter(({ severity }) => severity === "error");
  const warnings = failed.filter(({ severity }) => severity === "warning");
  const hints = failed.filter(({ severity }) => severity === "hint");
  const passed = image.findings.filter(({ ok }) => ok);
  return (
    <section class={`report report-${image.kind}`} aria-labelledby={`report-${image.kind}`}>
      {url !== undefined && <img class={`thumb thumb-${image.kind}`} src={url} alt={name} width={size?.width} height={size?.height} />}
      <div class="report-text">
        <h2 class="govgr-heading-m" id={`report-${image.kind}`}>
          {name}
        </h2>
        <p class="report-tags">
          {errors.length > 0 && <Tag kind="bad">{t.errors(errors.length)}</Tag>}
          {warnings.length > 0 && <Tag kind="care">{t.warnings(warnings.length)}</Tag>}
          {hints.length > 0 && <Tag kind="quiet">{t.hints(hints.length)}</Tag>}
          {failed.length === 0 && <Tag kind="good">{t.good}</Tag>}
        </p>
        {failed.length > 0 && (
          <ul class="findings">
            {[...errors, ...warnings, ...hints].map((finding) => (
              <FailedRule key={finding.rule} finding={finding} />
            ))}
          </ul>
        )}
        {children}
        {passed.length > 0 && (
          <details class="passed">
            <summary>{t.passed(passed.length)}</summary>
            <dl class="measures">
              {passed.map((finding) => (
                <div key={finding.rule}>
                  <dt>{t.rules[finding.rule]}</dt>
                  <dd>
                    {finding.measured === undefined ? t.yes : formatMeasure(finding, finding.measured)} <Limit finding={finding} />
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </section>
  );
}

function FailedRule({ finding }: { finding: Finding }) {
  const t = words();
  const isError = finding.severity === "error";
  return (
    <li class={isError ? "finding finding-error" : "finding finding-warning"} data-rule={finding.rule}>
      <p class="finding-name">
        <span class="finding-kind">{t[finding.severity]}:</span> {t.rules[finding.rule]}
      </p>
      {/* The service's text contains the measured value and the limit. */}
      <p>{finding.text ?? (finding.measured === undefined ? "" : t.numbers(formatMeasure(finding, finding.measured), formatLimit(finding) ?? ""))}</p>
    </li>
  );
}

function Limit({ finding }: { finding: Finding }) {
  const limit = formatLimit(finding);
  return limit === undefined ? null : <span class="measure-limit">({limit})</span>;
}
