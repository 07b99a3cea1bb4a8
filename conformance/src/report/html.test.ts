import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { render, type View, viewOf } from './html.js';
import { tally } from './summary.js';
import { HOSTILE, sampleReport } from './testing/sample.js';

/** The elements of a kind as a browser's parser sees them: an element ends at its first end tag. */
function elements(html: string, name: string): { attributes: string; text: string }[] {
  const pattern = new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}\\b[^>]*>`, 'gi');
  return [...html.matchAll(pattern)].map(([, attributes = '', text = '']) => ({
    attributes,
    text,
  }));
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

describe('html', () => {
  const report = sampleReport();
  const html = render(report);
  const scripts = elements(html, 'script');

  it('holds the data in one script and the program in another, whatever the text', () => {
    expect(scripts.map(({ attributes }) => attributes)).toEqual([
      ' type="application/json" id="data"',
      ' type="module"',
    ]);
    const view = JSON.parse(scripts[0]!.text) as View;
    expect(view).toEqual(JSON.parse(JSON.stringify(viewOf(report))));
    const hostile = view.checks.find(({ title }) => title.startsWith('Hostile'))!;
    expect(hostile.expected).toBe(HOSTILE);
    expect(scripts[0]!.text).not.toContain('<');
  });

  it('allows only its own script and style, and refers to nothing outside', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${digest(scripts[1]!.text)}`,
      `style-src ${digest(elements(html, 'style')[0]!.text)}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    const own = html.replace(scripts[0]!.text, '');
    expect(own).not.toMatch(/https?:|url\(|@import/);
    expect(own.match(/\b(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"', 'href="#main"']);
  });

  it('has a program that is one script: no imports, and no name twice', () => {
    const { text } = scripts[1]!;
    expect(text).not.toMatch(/^(?:import|export)\b/m);
    expect(() => new Function(`'use strict';${text}`)).not.toThrow();
    const names = [...text.matchAll(/^(?:async )?(?:function|const|let) (\w+)/gm)].map((m) => m[1]);
    expect(names).toHaveLength(new Set(names).size);
  });

  it('writes nothing as markup', () => {
    expect(scripts[1]!.text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  });

  it('escapes what stands in the markup itself', () => {
    const evil = sampleReport();
    evil.subject!.implementation = '<img src=x>"&';
    const page = render(evil);
    expect(page).toContain('&lt;img src=x&gt;&quot;&amp;');
    expect(elements(page, 'script')).toHaveLength(2);
    expect(page.replace(elements(page, 'script')[0]!.text, '')).not.toContain('<img');
  });

  it('says the verdict without a script', () => {
    expect(html).toMatch(/<h1 class="bad">.*Not conformant<\/h1>/);
    expect(render(sampleReport({ findings: false }))).toMatch(
      /<h1 class="good">.*Conformant<\/h1>/,
    );
    expect(viewOf(report).checks.filter(({ outcome }) => outcome === 'fail')).toHaveLength(
      tally(report.checks).fail,
    );
  });

  it('shortens what was on the wire where everything failed', () => {
    const broken = sampleReport();
    const { trace } = broken.checks.find((check) => check.trace.length > 0)!;
    trace[0]!.request = 'x'.repeat(30_000);
    const kept = () => viewOf(broken).checks.find((check) => check.trace)!.trace![0]!.request;
    expect(kept()).toBe(`${'x'.repeat(20_000)}… (10000 more characters)`);
    for (const check of broken.checks) check.trace = [...trace];
    expect(kept()).toBe(`${'x'.repeat(1_000)}… (29000 more characters)`);
    expect(Buffer.byteLength(render(broken))).toBeLessThan(2_000_000);
  });

  it('stays small with 600 checks and 600 requirements', () => {
    const big = render(sampleReport({ checks: 600, requirements: 600 }));
    expect(Buffer.byteLength(big)).toBeLessThan(1_000_000);
  });
});
